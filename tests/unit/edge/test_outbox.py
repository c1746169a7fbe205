from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.domain import Message
from insect_edge.errors import OutboxError
from insect_edge.health.report import Losses
from insect_edge.outbox.queue import Draft, Kind, Outbox, OutboxLimits, Ticket
from support.outbox_world import BOUNDLESS, draft, everything, seqs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


@pytest.fixture
def reopen(tmp_path: Path, clock: FakeClock) -> Iterator[Callable[..., Outbox]]:
    """Opens the outbox of the test, closing the one before; everything is closed at the end."""
    opened: list[Outbox] = []

    def open_again(limits: OutboxLimits = BOUNDLESS, *, with_clock: FakeClock = clock) -> Outbox:
        while opened:
            opened.pop().close()
        opened.append(Outbox.open(tmp_path / "state", clock=with_clock, limits=limits))
        return opened[0]

    yield open_again
    while opened:
        opened.pop().close()


def test_messages_are_numbered_and_come_back_as_built(reopen: Callable[..., Outbox]) -> None:
    """Drafts put together get consecutive numbers, and their bytes come back unchanged."""
    outbox = reopen()
    entries = outbox.put([draft(), draft(Kind.ALERT), draft()])
    assert seqs(entries) == [1, 2, 3]
    assert [json.loads(entry.message.payload)["kind_seq"] for entry in entries] == [1, 1, 2]
    assert outbox.pending(Kind.DETECTION, after=0, limit=10) == [entries[0], entries[2]]
    assert outbox.pending(Kind.ALERT, after=0, limit=10) == [entries[1]]


def test_reading_goes_on_after_a_number(reopen: Callable[..., Outbox]) -> None:
    """`after` and `limit` walk through one kind in order."""
    outbox = reopen()
    outbox.put([draft() for _ in range(5)])
    assert seqs(outbox.pending(Kind.DETECTION, after=0, limit=2)) == [1, 2]
    assert seqs(outbox.pending(Kind.DETECTION, after=2, limit=2)) == [3, 4]
    assert seqs(outbox.pending(Kind.DETECTION, after=4, limit=2)) == [5]


def test_acknowledged_messages_are_gone_for_good(reopen: Callable[..., Outbox]) -> None:
    """`ack` removes exactly what it names, also after reopening; unknown numbers do not matter."""
    reopen().put([draft() for _ in range(4)])
    reopen().ack([2, 3, 99])
    assert seqs(everything(reopen())) == [1, 4]


def test_numbers_go_on_after_reopening(reopen: Callable[..., Outbox]) -> None:
    """A restart neither repeats nor skips a number, even when nothing waits."""
    outbox = reopen()
    outbox.put([draft(), draft(Kind.ALERT)])
    outbox.ack([1, 2])
    (entry,) = reopen().put([draft(Kind.ALERT)])
    assert json.loads(entry.message.payload) == {"seq": 3, "kind_seq": 2, "pad": ""}
    assert reopen().status().rescues == 0


def test_a_draft_that_cannot_be_made_stands_in_nobodys_way(
    reopen: Callable[..., Outbox], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It becomes a dead letter that says why, counted under its number; the others of the same `put` are stored."""
    outbox = reopen()

    def fail(_: Ticket) -> Message:
        raise ValueError("no payload")

    def nonsense(_: Ticket) -> Message:
        return Message(topic="t", payload="text, not bytes", qos=1, retain=False)  # type: ignore[arg-type]

    bad = [Draft(kind=Kind.DETECTION, build=fail), Draft(kind=Kind.ALERT, build=nonsense)]
    entries = outbox.put([draft(), *bad, draft()])
    assert (seqs(entries), seqs(everything(outbox))) == ([1, 4], [1, 4])
    assert outbox.status().losses == Losses(dead_letter=2)
    assert outbox.status().alert_losses == Losses(dead_letter=1)
    with closing(sqlite3.connect(tmp_path / "state" / "outbox.db")) as database:
        rows = database.execute("SELECT seq, payload, reason FROM dead_letter").fetchall()
    assert rows[0] == (2, b"", "could not be made: ValueError: no payload")
    assert "TypeError" in rows[1][2]
    assert len(caplog.records) == 2


def test_a_rejected_message_becomes_a_dead_letter(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """It leaves the queue, is counted, and can be looked at with its reason."""
    outbox = reopen()
    entries = outbox.put([draft(), draft(Kind.ALERT)])
    outbox.reject(2, reason="not authorised")
    outbox.reject(77, reason="never was")
    assert everything(outbox) == [entries[0]]
    assert outbox.status().losses == Losses(dead_letter=1)
    assert outbox.status().alert_losses == Losses(dead_letter=1)
    with closing(sqlite3.connect(tmp_path / "state" / "outbox.db")) as database:
        rows = database.execute("SELECT seq, payload, reason FROM dead_letter").fetchall()
    assert rows == [(2, entries[1].message.payload, "not authorised")]


def test_only_the_newest_dead_letters_are_kept(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """The table of dead letters is bounded; the count is not."""
    outbox = reopen(OutboxLimits(dead_letters=2))
    outbox.put([draft() for _ in range(5)])
    for seq in range(1, 6):
        outbox.reject(seq, reason="refused")
    with closing(sqlite3.connect(tmp_path / "state" / "outbox.db")) as database:
        assert database.execute("SELECT seq FROM dead_letter ORDER BY seq").fetchall() == [(4,), (5,)]
    assert outbox.status().losses.dead_letter == 5


def test_too_many_rows_drop_the_oldest_detections_first_and_alerts_last(reopen: Callable[..., Outbox]) -> None:
    """Alerts stay as long as there is a detection to drop, then the oldest alert goes."""
    outbox = reopen(OutboxLimits(rows=3))
    outbox.put([draft(Kind.ALERT), draft(), draft(), draft(Kind.ALERT)])
    assert seqs(everything(outbox)) == [1, 4, 3]
    outbox.put([draft(Kind.ALERT), draft(Kind.ALERT)])
    assert seqs(everything(outbox)) == [4, 5, 6]
    assert outbox.status().losses == Losses(dropped=3)
    assert outbox.status().alert_losses == Losses(dropped=1)


def test_too_many_bytes_drop_the_oldest(reopen: Callable[..., Outbox]) -> None:
    """The bound in bytes holds after every `put`."""
    outbox = reopen(OutboxLimits(size_bytes=3_000))
    outbox.put([draft(size=900) for _ in range(5)])
    assert seqs(everything(outbox)) == [3, 4, 5]
    assert outbox.status().size_bytes <= 3_000
    assert outbox.status().losses == Losses(dropped=2)


def test_counts_outlive_a_restart(reopen: Callable[..., Outbox]) -> None:
    """What was lost stays counted."""
    reopen(OutboxLimits(rows=1)).put([draft() for _ in range(4)])
    assert reopen().status().losses == Losses(dropped=3)


def test_a_message_expires_by_its_own_time(reopen: Callable[..., Outbox], clock: FakeClock) -> None:
    """What is left of an expiry shrinks with time; at its end the message is taken out and counted."""
    outbox = reopen()
    outbox.put([draft(expiry=60), draft()])
    clock.advance(45)
    assert everything(outbox)[0].message.expiry_seconds == 15
    clock.advance(15)
    assert seqs(everything(outbox)) == [2]
    assert outbox.status().losses == Losses(expired=1)


def test_old_messages_expire_when_pruned(reopen: Callable[..., Outbox], clock: FakeClock) -> None:
    """The outbox's own age bound and a message's expiry are both enforced without anybody reading."""
    outbox = reopen(OutboxLimits(age_seconds=3_600))
    outbox.put([draft(), draft(Kind.ALERT, expiry=60)])
    clock.advance(1_800)
    outbox.put([draft()])
    outbox.prune()
    assert outbox.status().depth == 2
    clock.advance(1_801)
    outbox.prune()
    assert seqs(everything(outbox)) == [3]
    assert outbox.status().losses == Losses(expired=2)


def test_age_counts_over_a_reboot_only_between_set_clocks(reopen: Callable[..., Outbox], clock: FakeClock) -> None:
    """After a reboot age comes from the wall clock where it was set both times, else from the opening."""
    outbox = reopen()
    outbox.put([draft()])
    assert outbox.status().oldest_seconds == 0
    clock.advance(30)
    assert outbox.status().oldest_seconds == 30
    rebooted = FakeClock(boot_id="another", monotonic=5.0, utc=datetime(2026, 6, 1, 13, 0, tzinfo=UTC))
    assert reopen(with_clock=rebooted).status().oldest_seconds == 3_600
    unset = FakeClock(boot_id="a third", monotonic=5.0, utc=datetime(1970, 1, 1, tzinfo=UTC), clock_synced=False)
    outbox = reopen(with_clock=unset)
    unset.advance(7)
    assert outbox.status().oldest_seconds == 7


def test_status_says_how_much_waits(reopen: Callable[..., Outbox]) -> None:
    """Depth by kind and bytes of topics and payloads."""
    outbox = reopen()
    assert outbox.status().oldest_seconds is None
    entries = outbox.put([draft(), draft(), draft(Kind.ALERT)])
    status = outbox.status()
    assert (status.alerts, status.detections, status.depth) == (1, 2, 3)
    assert status.size_bytes == sum(len(entry.message.topic) + len(entry.message.payload) for entry in entries)


def test_only_one_process_can_own_it(reopen: Callable[..., Outbox], tmp_path: Path, clock: FakeClock) -> None:
    """A second owner is refused in one line; after the first is closed it can open."""
    outbox = reopen()
    with pytest.raises(OutboxError, match="another insect-edge uses this outbox"):
        Outbox.open(tmp_path / "state", clock=clock, limits=BOUNDLESS)
    outbox.close()
    reopen()


def test_a_closed_outbox_says_so(reopen: Callable[..., Outbox]) -> None:
    """Using it after `close` is an error, not a second life."""
    outbox = reopen()
    outbox.close()
    with pytest.raises(OutboxError, match="closed"):
        outbox.status()


def test_a_newer_format_is_refused(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """A database of a newer program is left alone, and the error says what to do."""
    reopen().close()
    with closing(sqlite3.connect(tmp_path / "state" / "outbox.db")) as database:
        database.executescript("CREATE TABLE newer (id INTEGER); PRAGMA user_version = 7")
    with pytest.raises(OutboxError, match="its format is 7, this program knows 2: upgrade"):
        reopen()


def test_the_policys_state_is_kept_with_the_messages(reopen: Callable[..., Outbox]) -> None:
    """The newest state put is read back, also after reopening; a `put` without one leaves it."""
    outbox = reopen()
    assert outbox.state() is None
    outbox.put([draft()], state=b"one")
    outbox.put([], state=b"two")
    outbox.put([draft()])
    assert outbox.state() == b"two"
    assert reopen().state() == b"two"
    assert seqs(everything(reopen())) == [1, 2]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    """A file where the folder should be is named in the error."""
    (tmp_path / "file").touch()
    with pytest.raises(OutboxError, match="check the folder"):
        Outbox.open(tmp_path / "file" / "state", clock=clock, limits=BOUNDLESS)
