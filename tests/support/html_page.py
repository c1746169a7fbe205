"""Read a page as a browser would, strictly."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SVG = "{http://www.w3.org/2000/svg}"
"""Before the names of elements of charts."""
_NAMESPACE = re.compile(r"^\{[^}]*\}")


def parse(text: str) -> Any:
    """The root element; any error of nesting or syntax fails the test."""
    html5lib = pytest.importorskip("html5lib", reason="html5lib checks the page")
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def elements(root: Any, **attributes: str) -> Iterator[Any]:
    """All elements that have the attributes; `data_figure` stands for `data-figure`."""
    wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
    for element in root.iter():
        if isinstance(element.tag, str) and all(element.get(name) == value for name, value in wanted.items()):
            yield element


def said(root: Any, **attributes: str) -> str:
    """The text of the one element that has the attributes."""
    found = list(elements(root, **attributes))
    assert len(found) == 1, f"{attributes}: {len(found)} elements"
    return " ".join("".join(found[0].itertext()).split())


def references(root: Any) -> set[str]:
    """Whatever the page points to: addresses in attributes, and in its styles."""
    named = {"src", "href", "srcset", "data", "action", "poster", "background"}
    found = set()
    for element in root.iter():
        for name, value in element.attrib.items():
            if _NAMESPACE.sub("", str(name)) in named and not str(name).startswith("data-"):
                found.add(value)
            found |= set(re.findall(r"url\(([^)]*)\)", value))
    for style in root.iter("style"):
        found |= set(re.findall(r"url\(([^)]*)\)", style.text or "")) | set(
            re.findall(r"@import[^;]*", style.text or "")
        )
    return found
