"""Messages for an outbox, and ways to look into it."""

from __future__ import annotations

import json

from insect_edge.domain import Message
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
    return [entry for kind in (Kind.ALERT, Kind.DETECTION) for entry in outbox.pending(kind, after=0, limit=100_000)]


def seqs(entries: list[Entry]) -> list[int]:
    """Their numbers."""
    return [entry.seq for entry in entries]
