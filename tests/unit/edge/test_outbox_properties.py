"""Whatever happens to the outbox, in whatever order: nothing is lost, repeated, reordered or beyond its bounds."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.domain import Message
from insect_edge.outbox import files as outbox_files
from insect_edge.outbox.queue import Draft, Kind, Outbox, OutboxLimits, Ticket

KINDS = st.lists(st.sampled_from(Kind), min_size=1, max_size=4)


class OutboxMachine(RuleBasedStateMachine):
    """Compares the outbox with a dictionary, through restarts, kills and lost files."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="outbox-"))
        self.lives = 0
        self.clock = FakeClock()
        self.abandoned: list[Outbox] = []
        self.outbox = self.open(self.root / "0")
        self.waiting: dict[Kind, dict[int, bytes]] = {kind: {} for kind in Kind}
        self.highest_seq = 0
        self.highest_kind_seq = dict.fromkeys(Kind, 0)

    def open(self, folder: Path) -> Outbox:
        """The outbox in one folder."""
        return Outbox.open(folder, clock=self.clock, limits=OutboxLimits())

    def survive(self, image: Path) -> None:
        """Go on from what was on the disk at the moment of a kill."""
        self.abandoned.append(self.outbox)
        self.outbox = self.open(image)

    def image(self) -> Path:
        """The disk as it is at this instant, whatever the process has in mind."""
        self.lives += 1
        return Path(shutil.copytree(self.root / str(self.lives - 1), self.root / str(self.lives)))

    def draft(self, kind: Kind, taken: list[Ticket]) -> Draft:
        """A message that tells its numbers."""

        def build(ticket: Ticket) -> Message:
            taken.append(ticket)
            return Message(topic="t", payload=f"{kind} {ticket.seq} {ticket.kind_seq}".encode(), qos=1, retain=False)

        return Draft(kind=kind, build=build)

    @rule(kinds=KINDS)
    def put(self, kinds: list[Kind]) -> None:
        """Numbers only ever go up, over all messages and within each kind."""
        tickets: list[Ticket] = []
        entries = self.outbox.put([self.draft(kind, tickets) for kind in kinds])
        assert [entry.seq for entry in entries] == [ticket.seq for ticket in tickets]
        for entry, ticket in zip(entries, tickets, strict=True):
            assert entry.seq > self.highest_seq
            assert ticket.kind_seq > self.highest_kind_seq[entry.kind]
            self.highest_seq, self.highest_kind_seq[entry.kind] = entry.seq, ticket.kind_seq
            self.waiting[entry.kind][entry.seq] = entry.message.payload

    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        """Any of what waits, and numbers nobody knows."""
        known = sorted(seq for waiting in self.waiting.values() for seq in waiting)
        chosen = data.draw(st.lists(st.sampled_from([*known, 10**9]), max_size=4))
        self.outbox.ack(chosen)
        for waiting in self.waiting.values():
            for seq in chosen:
                waiting.pop(seq, None)

    @rule(data=st.data())
    def reject(self, data: st.DataObject) -> None:
        """One of what waits."""
        known = sorted(seq for waiting in self.waiting.values() for seq in waiting)
        if known:
            seq = data.draw(st.sampled_from(known))
            self.outbox.reject(seq, reason="refused")
            for waiting in self.waiting.values():
                waiting.pop(seq, None)

    @rule()
    def restart(self) -> None:
        """A clean stop and a start."""
        self.outbox.close()
        self.outbox = self.open(self.root / str(self.lives))

    @rule()
    def kill(self) -> None:
        """The process is gone between two calls."""
        self.survive(self.image())

    @rule(kinds=KINDS, at=st.integers(min_value=0, max_value=3))
    def kill_while_putting(self, kinds: list[Kind], at: int) -> None:
        """The process is gone inside the transaction: nothing of it was stored, or sent."""
        images: list[Path] = []

        def build(ticket: Ticket) -> Message:
            if len(images) == 0 and len(taken) == min(at, len(kinds) - 1):
                images.append(self.image())
            taken.append(ticket)
            return Message(topic="t", payload=b"never sent", qos=1, retain=False)

        taken: list[Ticket] = []
        self.outbox.put([Draft(kind=kind, build=build) for kind in kinds])
        self.survive(images[0])

    @rule()
    def lose_the_database(self) -> None:
        """Deleted, or so damaged that it is set aside: what waited is gone, the numbers are not."""
        self.outbox.close()
        for ending in outbox_files.COMPANIONS:
            (self.root / str(self.lives) / (outbox_files.DATABASE + ending)).unlink(missing_ok=True)
        self.outbox = self.open(self.root / str(self.lives))
        for waiting in self.waiting.values():
            waiting.clear()

    @rule()
    def lose_the_numbers(self) -> None:
        """The second file is deleted."""
        self.outbox.close()
        (self.root / str(self.lives) / outbox_files.NUMBERS).unlink(missing_ok=True)
        self.outbox = self.open(self.root / str(self.lives))

    @invariant()
    def nothing_is_lost_or_reordered(self) -> None:
        """What waits is what was put and not acknowledged, byte for byte, by number."""
        for kind, waiting in self.waiting.items():
            entries = self.outbox.pending(kind, after=0, limit=10_000)
            assert [(entry.seq, entry.message.payload) for entry in entries] == sorted(waiting.items())
        assert self.outbox.status().depth == sum(map(len, self.waiting.values()))

    def teardown(self) -> None:
        """Close and delete everything."""
        for outbox in (*self.abandoned, self.outbox):
            outbox.close()
        shutil.rmtree(self.root)


TestOutbox = OutboxMachine.TestCase
TestOutbox.settings = settings(max_examples=15, stateful_step_count=25)


@settings(max_examples=40)
@given(
    batches=st.lists(
        st.lists(st.tuples(st.sampled_from(Kind), st.integers(min_value=0, max_value=300)), min_size=1, max_size=5),
        max_size=12,
    ),
    rows=st.integers(min_value=1, max_value=8),
    size_bytes=st.integers(min_value=1, max_value=1_500),
)
def test_bounds_hold_and_what_is_dropped_is_counted(
    batches: list[list[tuple[Kind, int]]], rows: int, size_bytes: int
) -> None:
    """After every `put` both bounds hold; kept plus dropped is what was put; no alert goes before a detection."""
    with tempfile.TemporaryDirectory(prefix="outbox-") as folder:
        limits = OutboxLimits(rows=rows, size_bytes=size_bytes)
        outbox = Outbox.open(Path(folder), clock=FakeClock(), limits=limits)
        put = dict.fromkeys(Kind, 0)
        for batch in batches:
            before = outbox.status()
            outbox.put([_sized(kind, size) for kind, size in batch])
            for kind, _ in batch:
                put[kind] += 1
            status = outbox.status()
            assert status.depth <= rows
            assert status.size_bytes <= size_bytes
            assert status.depth + status.losses.dropped == sum(put.values())
            assert status.alerts + status.alert_losses.dropped == put[Kind.ALERT]
            if status.alert_losses.dropped > before.alert_losses.dropped:
                assert status.detections == 0
            for kind in Kind:
                kept = outbox.pending(kind, after=0, limit=100)
                numbers = [int(entry.message.payload.split()[0]) for entry in kept]
                assert numbers == sorted(numbers)
        outbox.close()


def _sized(kind: Kind, size: int) -> Draft:
    def build(ticket: Ticket) -> Message:
        return Message(topic="t", payload=f"{ticket.seq} ".encode() + b"x" * size, qos=1, retain=False)

    return Draft(kind=kind, build=build)
