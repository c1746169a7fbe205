"""What the policy remembers, as bytes and back: compact JSON with a version, so that a restart can go on from it.

The newest frames are not kept: a window that was half full when the process ended fills anew, in as many frames.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from insect_edge.domain import Category, Event, Label, Moment, Phase, Region, Role, Taxon
from insect_edge.errors import StateError
from insect_edge.policy.state import Earlier, OpenEvent, PolicyState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FORMAT = "insect-edge/policy-state"
VERSION = 1
_MOST_SECONDS = 1e10
_YEARS = range(1900, 9000)
"""Three hundred years of monotonic seconds, and years from which those can be counted: computing stays in range."""

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A state and when it was true.

    Attributes:
        state: without the newest frames.
        saved: the instant of the newest change in it.
        boot_id: which boot its monotonic seconds belong to; empty where that cannot be told.
    """

    state: PolicyState
    saved: Moment
    boot_id: str


def encode(state: PolicyState, *, saved: Moment, boot_id: str) -> bytes:
    """The state as bytes; `saved` and `boot_id` as in `Memory`."""
    labels: dict[Label, int] = {}
    events = [_event(event, labels=labels) for event in state.undated]
    opened = [_open_event(event, labels=labels) for event in state.open_events]
    content = {
        "format": FORMAT,
        "version": VERSION,
        "boot_id": boot_id,
        "saved": _moment(saved),
        "open_events": opened,
        "ended": dict(state.ended),
        "alerted": dict(state.alerted),
        "undated": events,
        "never_dated": state.never_dated,
        "earlier": None if state.earlier is None else _earlier(state.earlier),
        # Events share their labels, of which a card may say much.
        "labels": [_label(label) for label in labels],
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def decode(stored: bytes) -> Memory:
    """What `encode` made bytes of.

    Raises:
        StateError: when it did not make these, or a newer version of it did.
    """
    try:
        content = json.loads(stored)
        named = (content["format"], content["version"])
        if named == (FORMAT, VERSION):
            saved, boot_id = _read_moment(content["saved"]), _text(content["boot_id"])
            return Memory(state=_read_state(content), saved=saved, boot_id=boot_id)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise StateError(
            f"the stored policy state is damaged ({type(error).__name__}: {error}): events and cooldowns start afresh"
        ) from error
    raise StateError(
        f"the stored policy state is {named[0]!r} in version {named[1]!r}, this program knows {FORMAT!r} in "
        f"version {VERSION}: events and cooldowns start afresh"
    )


def _moment(moment: Moment) -> list[Any]:
    return [moment.monotonic, moment.utc.isoformat(), moment.clock_synced]


def _label(label: Label) -> list[Any]:
    taxon = label.taxon
    names = None if taxon is None else [taxon.order, taxon.family, taxon.genus]
    return [label.index, label.name, label.role, names, label.threshold]


def _earlier(earlier: Earlier) -> dict[str, Any]:
    return {
        "restored": earlier.restored,
        "ended": {label: utc.isoformat() for label, utc in earlier.ended.items()},
        "alerted": {label: utc.isoformat() for label, utc in earlier.alerted.items()},
    }


def _facts(event: Event | OpenEvent, *, labels: dict[Label, int]) -> dict[str, Any]:
    """What open and ended events have in common."""
    region = event.region
    return {
        "event_id": event.event_id,
        "label": event.label,
        "role": event.role,
        "score": event.score,
        "threshold": event.threshold,
        "categories": [[labels.setdefault(c.label, len(labels)), c.score] for c in event.categories],
        "region": [region.x, region.y, region.width, region.height],
        "started": _moment(event.started),
        "last_seen": _moment(event.last_seen),
        "frames": event.frames,
        "hits": event.hits,
    }


def _event(event: Event, *, labels: dict[Label, int]) -> dict[str, Any]:
    return {**_facts(event, labels=labels), "at": _moment(event.at)}


def _open_event(event: OpenEvent, *, labels: dict[Label, int]) -> dict[str, Any]:
    return {
        **_facts(event, labels=labels),
        "alerted": event.alerted,
        "told": event.told,
        "told_score": event.told_score,
        "dated": event.dated,
        "unseen_from": event.unseen_from,
    }


def _read_state(content: dict[str, Any]) -> PolicyState:
    labels = [_read_label(values) for values in content["labels"]]
    earlier = content["earlier"]
    return PolicyState(
        open_events=tuple(_read_open_event(values, labels=labels) for values in _list(content["open_events"])),
        ended=_read_mapping(content["ended"], _seconds),
        alerted=_read_mapping(content["alerted"], _seconds),
        undated=tuple(_read_event(values, labels=labels) for values in _list(content["undated"])),
        never_dated=_count(content["never_dated"]),
        earlier=None
        if earlier is None
        else Earlier(
            restored=_seconds(earlier["restored"]),
            ended=_read_mapping(earlier["ended"], _utc),
            alerted=_read_mapping(earlier["alerted"], _utc),
        ),
    )


def _read_facts(values: dict[str, Any], *, labels: list[Label]) -> dict[str, Any]:
    x, y, width, height = (_score(value) for value in values["region"])
    return {
        "event_id": _text(values["event_id"]),
        "label": _text(values["label"]),
        "role": _read_role(values["role"]),
        "score": _score(values["score"]),
        "threshold": _score(values["threshold"]),
        "categories": tuple(
            Category(label=labels[_count(index)], score=_score(score)) for index, score in values["categories"]
        ),
        "region": Region(x=x, y=y, width=width, height=height),
        "started": _read_moment(values["started"]),
        "last_seen": _read_moment(values["last_seen"]),
        "frames": _count(values["frames"]),
        "hits": _count(values["hits"]),
    }


def _read_event(values: dict[str, Any], *, labels: list[Label]) -> Event:
    """Only ends are stored."""
    return Event(**_read_facts(values, labels=labels), at=_read_moment(values["at"]), phase=Phase.END, alert=False)


def _read_open_event(values: dict[str, Any], *, labels: list[Label]) -> OpenEvent:
    return OpenEvent(
        **_read_facts(values, labels=labels),
        alerted=_truth(values["alerted"]),
        told=_seconds(values["told"]),
        told_score=_score(values["told_score"]),
        dated=_truth(values["dated"]),
        unseen_from=_seconds(values["unseen_from"]),
    )


def _read_label(values: Iterable[Any]) -> Label:
    index, name, role, taxon, threshold = values
    order, family, genus = (None, None, None) if taxon is None else (_text_or_none(value) for value in taxon)
    return Label(
        index=_count(index),
        name=_text(name),
        role=_read_role(role),
        taxon=None if taxon is None else Taxon(order=order, family=family, genus=genus),
        threshold=_score(threshold),
    )


def _read_role(value: object) -> Role | None:
    return None if value is None else Role(_text(value))


def _read_moment(value: Iterable[object]) -> Moment:
    monotonic, utc, clock_synced = value
    return Moment(monotonic=_seconds(monotonic), utc=_utc(utc), clock_synced=_truth(clock_synced))


def _read_mapping(value: Mapping[str, object], read: Callable[[object], _Value]) -> dict[str, _Value]:
    return {label: read(item) for label, item in value.items()}


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return value


def _seconds(value: object) -> float:
    number = _number(value)
    if abs(number) > _MOST_SECONDS:
        raise ValueError(f"{value!r} s are more than {_MOST_SECONDS:g}")
    return number


def _score(value: object) -> float:
    number = _number(value)
    if not 0 <= number <= 1:
        raise ValueError(f"{value!r} is not from 0 to 1")
    return number


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _utc(value: object) -> datetime:
    utc = datetime.fromisoformat(_text(value))
    if utc.tzinfo is None or utc.year not in _YEARS:
        raise ValueError(f"{value!r} is no time with a zone")
    return utc
