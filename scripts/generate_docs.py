"""Write the pages of docs/ that are made from the code: cli.md, settings.md and the others of PAGES.

    python scripts/generate_docs.py [--check]

With --check nothing is written; the exit code is 1 when a page is out of date.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer.main

import hypecut.errors
from hypecut.api.app import openapi_document
from hypecut.cli.main import app
from hypecut.cli.outputs import OUTPUTS
from hypecut.errors import HypecutError
from hypecut.plan.schema import plan_schema
from hypecut.settings import Settings, variable
from hypecut.times import TIME_FORMS

DOCS = Path(__file__).parent.parent / "docs"
_NOTE = "<!-- Made by `make docs` from the code; edit the code instead. -->"
_OTHERS_DEFAULT = {
    "output_dir": "the working folder",
    "data_dir": "the user's data folder",
    "cache_dir": "the user's cache folder",
    "media_dir": "`media` in the data folder",
}
_EXIT_CODES = (
    (0, "done"),
    (1, "failed"),
    (2, "wrong usage or bad input"),
    (3, "nothing found"),
    (4, "source unavailable"),
    (130, "interrupted"),
)
_BOUNDS = (("ge", "at least"), ("gt", "more than"), ("le", "at most"), ("lt", "less than"))


def commands() -> dict[str, Any]:
    """The subcommands by name, in the order of the help text; those of a group as `group command`."""
    group: Any = typer.main.get_command(app)
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {part}": one for part, one in inner.items()} if inner else {name: command}
    return found


def cli_page() -> str:
    """The reference of the command line."""
    lines = [
        "# Command line",
        _NOTE,
        f"A time is written as {TIME_FORMS}. Results go to stdout, everything else to stderr: errors "
        "as one sentence, progress as a bar on a terminal and as JSON lines otherwise. `hypecut.toml`"
        " or the environment can set for good what some options set once: [settings](settings.md). "
        "What exit codes mean: [errors](errors.md).",
    ]
    for name, command in commands().items():
        lines += [f"## hypecut {name}", inspect.cleandoc(command.help)]
        lines.append("```\n" + _usage(name, command) + "\n```")
        lines.append(_table(("argument or option", "meaning"), _parameters(command)))
    lines += ["## hypecut", _table(("option", "meaning"), _parameters(typer.main.get_command(app)))]
    return _page(lines)


def json_page() -> str:
    """What commands print with --json."""
    lines = [
        "# JSON output",
        _NOTE,
        "With `--json` a command prints one line of JSON on stdout and nothing else; progress and remarks go"
        " to stderr. Numbers that are not finite are null. Below is the JSON Schema of each command's output;"
        " new keys may be added, those listed stay.",
    ]
    for name, kind in OUTPUTS.items():
        schema = json.dumps(msgspec.json.schema(kind), indent=1, ensure_ascii=False)
        lines += [f"## hypecut {name}", f"```json\n{schema}\n```"]
    return _page(lines)


def settings_page() -> str:
    """The reference of the settings."""
    lines = [
        "# Settings",
        _NOTE,
        "The strongest first: a command-line option, the environment variable, `hypecut.toml`, the "
        "default. The file is looked for in the working folder, then in the user's configuration "
        "folder; `HYPECUT_CONFIG` names another one. `hypecut config` prints each value and where it "
        f"came from. Settings that end in `_s` are times: a number is seconds, a text {TIME_FORMS}. "
        "Relative folders are taken in the working folder.",
        '```toml\n# hypecut.toml\noutput_dir = "montages"\nmax_duration_s = "9m30s"\n'
        'keywords = ["KEKW", "clutch"]\n```',
        "If only a minimum or only a maximum is set and the other's default leaves no window between them, "
        "the default gives way.",
    ]
    lines.append(_table(("setting", "default", "allowed", "meaning", "environment"), _settings()))
    return _page(lines)


def errors_page() -> str:
    """The reference of exit codes and errors."""
    lines = [
        "# Exit codes and errors",
        _NOTE,
        _table(("exit code", "meaning"), [(str(code), meaning) for code, meaning in _EXIT_CODES]),
        "An error is told in one sentence with its cure. A fault of the program itself (exit code 1) "
        "also leaves its full trace in the log, `logs/hypecut.log` in `data_dir`.",
        _table(("error", "exit code", "HTTP status", "meaning"), _errors()),
    ]
    return _page(lines)


def api_page() -> str:
    """The reference of the HTTP API."""
    document = openapi_document()
    lines = [
        "# HTTP API: paths and fields",
        _NOTE,
        "How to use it: [HTTP API](api.md). A server tells all of this, with examples and every error, at"
        " `/openapi.json`. Any path may also answer 400, 401, 403, 405, 413, 422 or 500.",
        _table(("path", "what it does", "answers"), _operations(document)),
    ]
    for name, schema in document["components"]["schemas"].items():
        if "properties" in schema:
            lines += [f"## {name}", schema["description"]]
            lines.append(_table(("field", "type", "meaning"), _fields(schema)))
    return _page(lines)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    always = set(document["paths"]["/health"]["get"]["responses"]) - {"200"}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            first = operation["description"].partition("\n\n")[0]
            answers = ", ".join(status for status in sorted(operation["responses"]) if status not in always)
            yield f"`{method.upper()} {path}`", first.replace("\n", " "), answers


def _fields(schema: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, field in schema["properties"].items():
        required = " Required." if name in schema.get("required", ()) and "default" not in field else ""
        yield f"`{name}`", _type_of(field), field.get("description", "") + required


def _type_of(field: dict[str, Any]) -> str:
    """A type in JSON Schema, in a few words."""
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_type_of(one) for one in field["anyOf"]))
    if "enum" in field:
        return ", ".join(str(value) for value in field["enum"])
    if field.get("type") == "array":
        return f"list of {_type_of(field['items'])}" if field.get("items") else "list"
    bounds = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most"}
    bounds |= {"exclusiveMaximum": "less than", "maxLength": "letters at most"}
    told = [
        f"{field[key]:g} {words}" if key == "maxLength" else f"{words} {field[key]:g}"
        for key, words in bounds.items()
        if key in field
    ]
    return ", ".join([str(field.get("type", "any")), *told])


def plan_schema_page() -> str:
    """The JSON Schema of the plan file."""
    return json.dumps(plan_schema(), indent=2) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "settings.md": settings_page,
    "errors.md": errors_page,
    "json.md": json_page,
    "api-reference.md": api_page,
    "plan.schema.json": plan_schema_page,
}


def main() -> None:
    """Write the pages, or check them."""
    check = "--check" in sys.argv[1:]
    stale = []
    for name, make in PAGES.items():
        path, text = DOCS / name, make()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.write_text(text, encoding="utf-8", newline="\n")
    print(("out of date: " if check else "written: ") + (", ".join(stale) or "none"))
    sys.exit(1 if check and stale else 0)


def _usage(name: str, command: Any) -> str:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    words = [param.metavar if param.required else f"[{param.metavar}]" for param in arguments]
    return " ".join(["hypecut", name, *words, "[OPTIONS]"])


def _parameters(command: Any) -> Iterator[tuple[str, str]]:
    for param in command.params:
        if param.param_type_name == "argument":
            yield f"`{param.metavar}`", _help(param)
        elif param.help and "completion" not in param.opts[0]:
            value = _value(param)
            yield f"`{'/'.join([*param.opts, *param.secondary_opts])}{value}`", _help(param)


def _value(param: Any) -> str:
    if param.is_flag:
        return ""
    choices = param.type_descriptor.choices
    return " " + (param.metavar or "|".join(map(str, choices or ())))


def _help(param: Any) -> str:
    text = " ".join(param.help.split())
    if param.required:
        return text + " Required."
    shown = param.default not in (None, False, "") and "[default" not in text
    return text + (f" [default: {param.default}]" if shown else "")


def _settings() -> Iterator[tuple[str, ...]]:
    for name, field in Settings.model_fields.items():
        yield (
            f"`{name}`",
            _default(name, field.default),
            _allowed(field),
            field.description or "",
            f"`{variable(name)}`",
        )


def _default(name: str, default: object) -> str:
    if name in _OTHERS_DEFAULT:
        return _OTHERS_DEFAULT[name]
    if default == ():
        return "none"
    if isinstance(default, tuple):
        return ", ".join(f"`{value}`" for value in default)
    if default is None or str(default) == "":
        return "unset"
    return f"{default:g}" if isinstance(default, float) else str(default)


def _allowed(field: Any) -> str:
    choices = getattr(field.annotation, "__args__", ())
    if choices and all(isinstance(choice, str) for choice in choices):
        return ", ".join(choices)
    bounds = []
    for attribute, words in _BOUNDS:
        values = [getattr(mark, attribute) for mark in field.metadata if hasattr(mark, attribute)]
        bounds += [f"{words} {value:g}" for value in values]
    return ", ".join(bounds)


def _errors() -> Iterator[tuple[str, ...]]:
    for name, kind in inspect.getmembers(hypecut.errors, inspect.isclass):
        if issubclass(kind, HypecutError):
            meaning = " ".join((kind.__doc__ or "").split())
            yield f"`{name}`", str(kind.exit_code), str(kind.http_status), meaning


def _table(head: tuple[str, ...], rows: Any) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _page(blocks: list[str]) -> str:
    return "\n\n".join(blocks) + "\n"


if __name__ == "__main__":
    main()
