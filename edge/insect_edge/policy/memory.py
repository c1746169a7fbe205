"""What the policy remembers, as bytes and back: compact JSON with a version, so that a restart can go on from it.

The newest frames are not kept: a window that was half full when the process ended fills anew, in as many frames.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from insect_edge.domain import Category, Event, Label, Phase, Role, Taxon
from insect_edge.errors import StateError
from insect_edge.policy import stored_arrivals
from insect_edge.policy import stored_values as typed
from insect_edge.policy.arrivals import Arrivals
from insect_edge.policy.state import Earlier, OpenEvent, PolicyState
from insect_edge.sightings import Path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from insect_edge.domain import Moment, Region

FORMAT = "insect-edge/policy-state"
VERSION = 2
"""What version 1 did not know yet is read as what it was then: absent."""
_READ = (1, VERSION)


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
        "arrivals": stored_arrivals.written(state.arrivals),
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
        if named[0] == FORMAT and named[1] in _READ:
            saved, boot_id = typed.moment_of(content["saved"]), typed.text(content["boot_id"])
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


def _region(region: Region) -> list[float]:
    return [region.x, region.y, region.width, region.height]


def _path(path: Path) -> dict[str, Any]:
    return {**asdict(path), "first": _region(path.first), "last": _region(path.last)}


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
    return {
        "event_id": event.event_id,
        "label": event.label,
        "role": event.role,
        "score": event.score,
        "threshold": event.threshold,
        "categories": [[labels.setdefault(c.label, len(labels)), c.score] for c in event.categories],
        "region": _region(event.region),
        "started": _moment(event.started),
        "last_seen": _moment(event.last_seen),
        "frames": event.frames,
        "hits": event.hits,
        "path": None if event.path is None else _path(event.path),
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
        open_events=tuple(_read_open_event(values, labels=labels) for values in typed.listed(content["open_events"])),
        ended=typed.mapping(content["ended"], typed.seconds),
        alerted=typed.mapping(content["alerted"], typed.seconds),
        undated=tuple(_read_event(values, labels=labels) for values in typed.listed(content["undated"])),
        never_dated=typed.count(content["never_dated"]),
        arrivals=Arrivals() if (arrivals := content.get("arrivals")) is None else stored_arrivals.read(arrivals),
        earlier=None
        if earlier is None
        else Earlier(
            restored=typed.seconds(earlier["restored"]),
            ended=typed.mapping(earlier["ended"], typed.utc_of),
            alerted=typed.mapping(earlier["alerted"], typed.utc_of),
        ),
    )


def _read_facts(values: dict[str, Any], *, labels: list[Label]) -> dict[str, Any]:
    return {
        "event_id": typed.text(values["event_id"]),
        "label": typed.text(values["label"]),
        "role": _read_role(values["role"]),
        "score": typed.score(values["score"]),
        "threshold": typed.score(values["threshold"]),
        "categories": tuple(
            Category(label=labels[typed.count(index)], score=typed.score(score))
            for index, score in values["categories"]
        ),
        "region": typed.region_of(values["region"]),
        "started": typed.moment_of(values["started"]),
        "last_seen": typed.moment_of(values["last_seen"]),
        "frames": typed.count(values["frames"]),
        "hits": typed.count(values["hits"]),
        "path": None if (path := values.get("path")) is None else _read_path(path),
    }


def _read_path(values: dict[str, Any]) -> Path:
    return Path(
        track_id=typed.text(values["track_id"]),
        first=typed.region_of(values["first"]),
        last=typed.region_of(values["last"]),
        length=typed.not_negative(values["length"]),
        seconds=typed.not_negative(values["seconds"]),
    )


def _read_event(values: dict[str, Any], *, labels: list[Label]) -> Event:
    """Only ends are stored."""
    return Event(**_read_facts(values, labels=labels), at=typed.moment_of(values["at"]), phase=Phase.END, alert=False)


def _read_open_event(values: dict[str, Any], *, labels: list[Label]) -> OpenEvent:
    return OpenEvent(
        **_read_facts(values, labels=labels),
        alerted=typed.truth(values["alerted"]),
        told=typed.seconds(values["told"]),
        told_score=typed.score(values["told_score"]),
        dated=typed.truth(values["dated"]),
        unseen_from=typed.seconds(values["unseen_from"]),
    )


def _read_label(values: Iterable[Any]) -> Label:
    index, name, role, taxon, threshold = values
    order, family, genus = (None, None, None) if taxon is None else (typed.text_or_none(value) for value in taxon)
    return Label(
        index=typed.count(index),
        name=typed.text(name),
        role=_read_role(role),
        taxon=None if taxon is None else Taxon(order=order, family=family, genus=genus),
        threshold=typed.score(threshold),
    )


def _read_role(value: object) -> Role | None:
    return None if value is None else Role(typed.text(value))
