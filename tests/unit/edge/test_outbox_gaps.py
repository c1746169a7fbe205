"""Whatever happens, in whatever order: each message waits, was delivered or is counted; no number means two things."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.domain import Message
from insect_edge.errors import OutboxError, OutboxFullError
from insect_edge.outbox import files as outbox_files
from insect_edge.outbox import inspection
from insect_edge.outbox.queue import Draft, Kind, Outbox, OutboxLimits, Ticket
from support.outbox_world import fill_disk, free_disk

LIMITS = OutboxLimits(rows=12, age_seconds=3_600)
PAGE = 4096


class GapMachine(RuleBasedStateMachine):
    """Keeps the books of every number that was ever given out, and holds the outbox's own against them."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="gaps-"))
        self.clock = FakeClock()
        self.lives = 0
        self.abandoned: list[Outbox] = []
        self.known: dict[int, tuple[Kind, bytes]] = {}
        self.unmade: set[int] = set()
        self.refused: set[int] = set()
        self.delivered: set[int] = set()
        self.dead: set[int] = set()
        self.jumps = 0
        self.unreadable: set[int] = set()
        self.killed_loose: set[int] = set()
        self.full = False
        self.counts_lost = False

    @initialize()
    def begin(self) -> None:
        """The first start."""
        self.outbox = self.open()

    @property
    def folder(self) -> Path:
        """Of the process that lives."""
        return self.root / str(self.lives)

    def open(self) -> Outbox:
        """The outbox, on a disk with room."""
        self.full = False
        return Outbox.open(self.folder, clock=self.clock, limits=LIMITS)

    def waiting(self) -> dict[int, bytes]:
        """What waits, by number."""
        found = [entry for kind in Kind for entry in self.outbox.pending(kind, after=0, limit=1_000)]
        return {entry.seq: entry.message.payload for entry in found}

    def in_memory(self) -> set[int]:
        """Numbers that are gone with the process, those that were only counted among them."""
        counted = self.unmade | self.refused if self.outbox._loose.counts else set()
        return {message.ticket.seq for message in self.outbox._loose} | counted

    def draft(self, kind: Kind, *, poison: bool, expiry: int | None) -> Draft:
        """A message that tells its numbers, or cannot be made."""

        def build(ticket: Ticket) -> Message:
            assert ticket.seq not in self.known
            assert ticket.seq > max(self.known, default=0)
            if poison:
                self.taken.append((ticket.seq, kind, None))
                raise ValueError("poison")
            payload = f"{kind} {ticket.seq} {ticket.kind_seq}".encode()
            self.taken.append((ticket.seq, kind, payload))
            return Message(topic="t", payload=payload, qos=1, retain=False, expiry_seconds=expiry)

        return Draft(kind=kind, build=build)

    def store(self, drafts: list[Draft]) -> None:
        """As the daemon does: alerts urgently where the disk is full."""
        self.taken: list[tuple[int, Kind, bytes | None]] = []
        try:
            self.outbox.put(drafts)
        except OutboxFullError:
            self.taken.clear()
            alerts = [draft for draft in drafts if draft.kind is Kind.ALERT]
            if alerts:
                self.outbox.put_urgent(alerts)
        self.enter()

    def enter(self) -> None:
        """Numbers just given out, into the books; only the last attempt of each counts."""
        for seq, kind, payload in {taken[0]: taken for taken in self.taken}.values():
            expected = max(self.known, default=0) + 1
            self.jumps += seq > expected
            for skipped in range(expected, seq):
                self.known[skipped] = (kind, b"")
                self.killed_loose.add(skipped)
            self.known[seq] = (kind, payload or b"")
            if payload is None:
                self.unmade.add(seq)

    @rule(
        kinds=st.lists(st.sampled_from(Kind), min_size=1, max_size=4),
        poison=st.sampled_from([False, False, False, True]),
        expiry=st.sampled_from([None, None, 30]),
    )
    def put(self, kinds: list[Kind], *, poison: bool, expiry: int | None) -> None:
        """Something was seen."""
        drafts = [self.draft(kind, poison=poison and not number, expiry=expiry) for number, kind in enumerate(kinds)]
        self.store(drafts)

    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        """Some arrived."""
        waiting = sorted(self.waiting())
        chosen = data.draw(st.lists(st.sampled_from(waiting), max_size=4)) if waiting else []
        loose = {message.ticket.seq for message in self.outbox._loose}
        try:
            self.outbox.ack(chosen)
        except OutboxError:
            assert self.full
            chosen = [seq for seq in chosen if seq in loose]
        self.delivered |= set(chosen)

    @rule(data=st.data())
    def reject(self, data: st.DataObject) -> None:
        """One was refused."""
        waiting = sorted(self.waiting())
        if waiting:
            chosen = data.draw(st.sampled_from(waiting))
            try:
                self.outbox.reject(chosen, reason="refused")
                self.refused.add(chosen)
            except OutboxError:
                assert self.full

    @precondition(lambda self: not self.full)
    @rule()
    def retry(self) -> None:
        """People put back what can be sent."""
        letters = inspection.contents(self.folder, limit=1_000).letters
        chosen = [letter.seq for letter in letters if letter.reason == "refused"]
        if chosen:
            inspection.retry(self.folder, chosen)

    @rule(seconds=st.sampled_from([1.0, 6.0, 40.0, 4_000.0]))
    def time_passes(self, seconds: float) -> None:
        """And what is too old goes."""
        self.clock.advance(seconds)
        self.outbox.recover()
        if not self.full:
            self.outbox.prune()

    @rule()
    def the_disk_fills(self) -> None:
        """Nothing can be written any more."""
        fill_disk(self.outbox)
        self.full = True

    @rule()
    def there_is_room_again(self) -> None:
        """Somebody cleaned up."""
        free_disk(self.outbox)
        self.full = False

    @rule()
    def kill(self) -> None:
        """The process is gone; the next one finds what was on the disk."""
        before = self.waiting()
        loose = self.in_memory()
        shutil.copytree(self.folder, self.root / str(self.lives + 1))
        self.abandoned.append(self.outbox)
        self.lives += 1
        self.outbox = self.open()
        self.killed_loose |= loose
        after = self.waiting()
        assert set(before) - loose <= set(after) | self.delivered
        assert set(after) <= set(before)

    @rule(page=st.integers(min_value=0, max_value=12), keep=st.integers(min_value=0, max_value=PAGE))
    def damage(self, page: int, keep: int) -> None:
        """A page, or the rest of the file, is rubbish at the next start."""
        free_disk(self.outbox)
        self.full = False
        self.clock.advance(10)
        self.outbox.recover()
        before, aside = self.waiting(), len(list(self.folder.glob("outbox.damaged-*.db")))
        self.outbox.close()
        path = self.folder / outbox_files.DATABASE
        content = bytearray(path.read_bytes())
        start = min(page * PAGE + keep, len(content))
        content[start : start + PAGE] = bytes(len(content[start : start + PAGE]))
        path.write_bytes(content)
        self.outbox = self.open()
        after = self.waiting()
        assert after.items() <= before.items()
        lost = set(before) - set(after)
        replaced = len(list(self.folder.glob("outbox.damaged-*.db"))) > aside
        if replaced:
            # What was counted may have stood on that page, too.
            self.jumps, self.counts_lost = 0, True
        assert not lost or replaced or self.outbox.status().losses.dead_letter
        self.unreadable |= lost if replaced else set()

    @rule()
    def restart(self) -> None:
        """A clean stop and a start."""
        self.killed_loose |= self.in_memory()
        self.outbox.close()
        self.outbox = self.open()

    @invariant()
    def the_books_agree(self) -> None:
        """In order, byte for byte; and what is neither waiting nor delivered is counted or belongs to a rescue."""
        if not hasattr(self, "outbox"):
            return
        for kind in Kind:
            seqs = [entry.seq for entry in self.outbox.pending(kind, after=0, limit=1_000)]
            assert seqs == sorted(seqs)
        waiting = self.waiting()
        assert all(self.known[seq][1] == payload for seq, payload in waiting.items())
        status = self.outbox.status()
        counted = status.losses.dropped + status.losses.expired + status.losses.dead_letter
        explained = self.delivered | set(waiting) | self.killed_loose | self.unreadable
        missing = set(self.known) - explained
        if not self.counts_lost and not self.killed_loose:
            assert len(missing) == counted
        assert self.jumps <= status.rescues
        assert self.unmade <= missing | self.killed_loose | self.unreadable

    def teardown(self) -> None:
        """Close and delete everything."""
        for outbox in (*self.abandoned, getattr(self, "outbox", None)):
            if outbox is not None:
                outbox.close()
        shutil.rmtree(self.root)


TestGaps = GapMachine.TestCase
TestGaps.settings = settings(max_examples=10, stateful_step_count=20)
