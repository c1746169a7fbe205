"""Messages for an outbox, and ways to look into it."""

from __future__ import annotations

import errno
import json

from insect_edge.domain import Message
from insect_edge.errors import OutboxFullError
from insect_edge.outbox.queue import Draft, Entry, Kind, Outbox, OutboxLimits, Ticket

BOUNDLESS = OutboxLimits()


def draft(kind: Kind = Kind.DETECTION, *, size: int = 0, expiry: int | None = None) -> Draft:
    """A message that names its own numbers, padded to about `size` bytes."""

    def build(ticket: Ticket) -> Message:
        payload = json.dumps({"seq": ticket.seq, "kind_seq": ticket.kind_seq, "pad": "x" * size}).encode()
        return Message(topic=f"t/{kind}", payload=payload, qos=1, retain=False, expiry_seconds=expiry)

    return Draft(kind=kind, build=build)


def everything(outbox: Outbox) -> list[Entry]:
    """All that waits, alerts first."""
    found: list[Entry] = []
    for kind in (Kind.ALERT, Kind.DETECTION):
        after = 0
        while batch := outbox.pending(kind, after=after, limit=100_000):
            found += batch
            after = batch[-1].seq
    return found


def seqs(entries: list[Entry]) -> list[int]:
    """Their numbers."""
    return [entry.seq for entry in entries]


def fill_disk(outbox: Outbox) -> None:
    """From now on nothing can be written but into blocks that are there already."""
    store, numbers, reserve = outbox._store, outbox._footing.numbering._file, outbox._footing.reserve

    def full(*_: object) -> None:
        raise OutboxFullError("outbox.db: the disk is full: free some space")

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store.transact = full  # type: ignore[method-assign,assignment]
    numbers._replace = no_room  # type: ignore[method-assign]
    reserve._allocate = no_room  # type: ignore[method-assign]


def free_disk(outbox: Outbox) -> None:
    """Room again."""
    for part in (outbox._store, outbox._footing.numbering._file, outbox._footing.reserve):
        for name in ("transact", "_replace", "_allocate"):
            part.__dict__.pop(name, None)
