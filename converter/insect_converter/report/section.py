"""One section of the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What a section's template is given.

    Attributes:
        key: of the section: its anchor, and the name of its template.
        title: as people read it.
        content: what the template asks for.
        missing: why there is nothing to show, in a sentence; None where there is.
    """

    key: str
    title: str
    content: dict[str, Any] = field(default_factory=dict)
    missing: str | None = None

    @classmethod
    def without(cls, key: str, title: str, reason: str) -> Section:
        """A section of which one sentence is left."""
        return cls(key=key, title=title, missing=reason)
