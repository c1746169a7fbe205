"""What differs between two configurations, and what of that a running daemon can take over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.config.types import Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from insect_edge.config.sections import Config

CHANGEABLE = (
    "alerts",
    "camera.dark_rate",
    "camera.rate",
    "camera.region",
    "health",
    "log",
    "policy",
    "publish",
    "site",
)
"""Sections and keys that can change between two frames; whatever else differs needs a fresh process."""


def changes(before: Config, after: Config) -> tuple[str, ...]:
    """The keys whose values differ, `section.key`, in the order of the file."""
    return tuple(_changes(before, after, place=""))


def needs_restart(changed: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the keys that cannot change while the daemon runs."""
    return tuple(
        key for key in changed if not any(key == allowed or key.startswith(f"{allowed}.") for allowed in CHANGEABLE)
    )


def named(keys: tuple[str, ...]) -> str:
    """The keys as the file has them: `[mqtt] host, [model] path`."""
    return ", ".join(f"[{key.rpartition('.')[0]}] {key.rpartition('.')[2]}" for key in keys)


def _changes(before: Section, after: Section, *, place: str) -> Iterator[str]:
    for name in type(before).model_fields:
        old, new = getattr(before, name), getattr(after, name)
        if isinstance(old, Section):
            yield from _changes(old, new, place=f"{place}{name}.")
        elif old != new:
            yield f"{place}{name}"
