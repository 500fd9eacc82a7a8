"""Building XML documents for editing programs."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET


def branch(parent: ET.Element, children: Mapping[str, object]) -> ET.Element:
    """Add elements to `parent`: text by tag, or a mapping for an element with children of its own.

    Returns:
        the last element added.
    """
    added = parent
    for tag, content in children.items():
        added = ET.SubElement(parent, tag)
        if isinstance(content, Mapping):
            branch(added, content)
        else:
            added.text = str(content)
    return added


def document(root: ET.Element, doctype: str) -> str:
    """The text of a document, indented, with its declaration and the name of its type."""
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE {doctype}>\n{body}\n'
