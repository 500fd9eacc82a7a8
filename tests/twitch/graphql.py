"""A very small GraphQL executor: enough for the queries Twitch clients send.

Values are plain dicts; a callable value is a field that takes arguments. A field that is not in
the dict is an error, as it is for a real server, so a client that asks for the wrong thing fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r'\s+|,|#[^\n]*|(?P<tok>\.\.\.|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|[_A-Za-z]\w*|[{}()\[\]:!=$@|&])'
)


class QueryError(Exception):
    """The query as a whole is refused."""


class FieldError(Exception):
    """One field fails: it becomes null and an error is added to the answer."""


@dataclass
class Selection:
    name: str
    alias: str
    args: dict[str, Any] = field(default_factory=dict)
    children: list[Selection] | None = None
    included: Any = True


@dataclass(frozen=True)
class Variable:
    name: str


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = list(self._lex(text))
        self.at = 0
        self.defaults: dict[str, Any] = {}

    @staticmethod
    def _lex(text: str) -> Iterator[str]:
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match:
                raise QueryError(f"Syntax error near {text[at : at + 20]!r}")
            if match["tok"]:
                yield match["tok"]
            at = match.end()

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self, want: str | None = None) -> str:
        token = self.peek()
        if not token or (want is not None and token != want):
            raise QueryError(f"Syntax error: expected {want or 'more'}, found {token or 'the end'}")
        self.at += 1
        return token

    def document(self) -> list[Selection]:
        if self.peek() == "query":
            self.next()
            if self.peek() not in ("(", "{"):
                self.next()
            if self.peek() == "(":
                self._declarations()
        return self.selections()

    def _declarations(self) -> None:
        self.next("(")
        while self.peek() != ")":
            self.next("$")
            name = self.next()
            self.next(":")
            while self.peek() in "[]!" or self.peek().isidentifier():
                self.next()
            if self.peek() == "=":
                self.next()
                self.defaults[name] = self.value()
        self.next(")")

    def selections(self) -> list[Selection]:
        self.next("{")
        out: list[Selection] = []
        while self.peek() != "}":
            if self.peek() == "...":
                self.next()
                self.next("on")
                self.next()
                out.extend(self.selections())
                continue
            out.append(self._selection())
        self.next("}")
        return out

    def _selection(self) -> Selection:
        name = alias = self.next()
        if self.peek() == ":":
            self.next()
            name = self.next()
        picked = Selection(name, alias)
        if self.peek() == "(":
            picked.args = self._arguments("(", ")")
        while self.peek() == "@":
            self.next()
            directive = self.next()
            value = self._arguments("(", ")").get("if", True)
            picked.included = value if directive == "include" else ("not", value)
        if self.peek() == "{":
            picked.children = self.selections()
        return picked

    def _arguments(self, opening: str, closing: str) -> dict[str, Any]:
        out: dict[str, Any] = {}
        self.next(opening)
        while self.peek() != closing:
            name = self.next()
            self.next(":")
            out[name] = self.value()
        self.next(closing)
        return out

    def value(self) -> Any:
        token = self.peek()
        if token == "$":
            self.next()
            return Variable(self.next())
        if token == "{":
            return self._arguments("{", "}")
        if token == "[":
            self.next()
            out: list[Any] = []
            while self.peek() != "]":
                out.append(self.value())
            self.next()
            return out
        self.next()
        if token.startswith('"') or re.fullmatch(r"-?[\d.]+", token):
            return json.loads(token)
        return {"true": True, "false": False, "null": None}.get(token, token)


def execute(query: str, variables: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Runs a query; returns {"data": ...} and, where fields failed, "errors"."""
    parser = _Parser(query)
    try:
        tree = parser.document()
    except QueryError as error:
        return {"errors": [{"message": str(error)}]}
    bound = {**parser.defaults, **variables}
    errors: list[dict[str, Any]] = []

    def fill(value: Any) -> Any:
        if isinstance(value, Variable):
            return bound.get(value.name)
        if isinstance(value, dict):
            return {k: fill(v) for k, v in value.items()}
        return [fill(v) for v in value] if isinstance(value, list) else value

    def wanted(picked: Selection) -> bool:
        rule = picked.included
        return not fill(rule[1]) if isinstance(rule, tuple) else bool(fill(rule))

    def walk(owner: dict[str, Any], tree: list[Selection], path: list[str | int]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for picked in filter(wanted, tree):
            here = [*path, picked.alias]
            if picked.name not in owner:
                kind = owner.get("__typename", "Query" if not path else path[-1])
                raise QueryError(f'Cannot query field "{picked.name}" on type "{kind}".')
            value = owner[picked.name]
            try:
                if isinstance(value, Callable):  # type: ignore[arg-type]
                    value = value(fill(picked.args))
                out[picked.alias] = shape(value, picked, here)
            except FieldError as error:
                errors.append({"message": str(error), "path": here})
                out[picked.alias] = None
        return out

    def shape(value: Any, picked: Selection, path: list[str | int]) -> Any:
        if isinstance(value, list):
            return [shape(item, picked, [*path, n]) for n, item in enumerate(value)]
        if isinstance(value, dict) and picked.children is None:
            raise QueryError(f'Field "{picked.name}" must have a selection of subfields.')
        return walk(value, picked.children or [], path) if isinstance(value, dict) else value

    try:
        data = walk(root, tree, [])
    except QueryError as error:
        return {"errors": [{"message": str(error)}]}
    return {"errors": errors, "data": data} if errors else {"data": data}
