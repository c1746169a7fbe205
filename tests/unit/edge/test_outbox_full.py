"""The outbox on a full disk: alerts go on, numbers stay unique, and everything is well again by itself."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.errors import OutboxError, OutboxFullError
from insect_edge.health.report import Losses
from insect_edge.outbox import inspection
from insect_edge.outbox.files import NUMBERS, RESERVE
from insect_edge.outbox.footing import RECOVER_SECONDS
from insect_edge.outbox.loose import MOST_LOOSE
from insect_edge.outbox.numbers import Numbering, Numbers
from insect_edge.outbox.queue import Kind, Outbox
from insect_edge.outbox.reserve import RESERVE_BYTES
from support.outbox_world import BOUNDLESS, draft, everything, fill_disk, free_disk, seqs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ALERT = draft(Kind.ALERT)


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


@pytest.fixture
def reopen(tmp_path: Path, clock: FakeClock) -> Iterator[Callable[[], Outbox]]:
    """Opens the outbox of the test, closing the one before; everything is closed at the end."""
    opened: list[Outbox] = []

    def open_again(folder: str = "state") -> Outbox:
        while opened:
            opened.pop().close()
        opened.append(Outbox.open(tmp_path / folder, clock=clock, limits=BOUNDLESS))
        return opened[0]

    yield open_again
    while opened:
        opened.pop().close()


def test_room_is_held_in_reserve(reopen: Callable[[], Outbox], tmp_path: Path) -> None:
    """The reserve takes real blocks of the disk, is made once, and is no reason to write anything later."""
    reopen()
    status = (tmp_path / "state" / RESERVE).stat()
    assert status.st_blocks * 512 >= RESERVE_BYTES
    reopen().put([draft()])
    assert (tmp_path / "state" / RESERVE).stat().st_mtime_ns == status.st_mtime_ns


def test_the_reserve_is_given_up_for_alerts_alone(reopen: Callable[[], Outbox], tmp_path: Path) -> None:
    """Alerts are stored in the room it held; detections are refused until it could be made again."""
    outbox = reopen()
    outbox._footing.reserve._allocate = _no_room  # type: ignore[method-assign]
    (entry,) = outbox.put_urgent([ALERT], state=b"state")
    assert not (tmp_path / "state" / RESERVE).exists()
    assert outbox.status().undurable == 0
    with pytest.raises(OutboxFullError, match="the disk is full"):
        outbox.put([draft(), ALERT])
    assert outbox.cramped is not None
    assert seqs(outbox.put([ALERT])) == [entry.seq + 1]
    assert outbox.state() == b"state"
    assert [made.seq for made in everything(reopen())] == [1, 2]


def test_past_the_reserve_alerts_go_out_from_memory(reopen: Callable[[], Outbox], clock: FakeClock) -> None:
    """They wait like stored ones, after those, leave on their acknowledgement, and are counted."""
    outbox = reopen()
    outbox.put([ALERT])
    fill_disk(outbox)
    entries = outbox.put_urgent([ALERT, ALERT])
    assert seqs(entries) == [2, 3]
    assert seqs(outbox.pending(Kind.ALERT, after=0, limit=10)) == [1]
    assert outbox.pending(Kind.ALERT, after=1, limit=10) == entries
    assert seqs(outbox.pending(Kind.ALERT, after=1, limit=1)) == [2]
    status = outbox.status()
    assert (status.alerts, status.undurable) == (3, 2)
    outbox.ack([2])
    assert seqs(outbox.pending(Kind.ALERT, after=1, limit=10)) == [3]
    clock.advance(RECOVER_SECONDS)
    assert not outbox.recover()


def test_memory_waits_for_all_that_is_stored(reopen: Callable[[], Outbox], clock: FakeClock) -> None:
    """A row that has expired makes its batch shorter; what memory holds does not slip in before the rows behind it."""
    outbox = reopen()
    outbox.put([draft(Kind.ALERT, expiry=5), *[ALERT] * 9])
    fill_disk(outbox)
    outbox.put_urgent([ALERT, ALERT])
    free_disk(outbox)
    clock.advance(6)
    found: list[int] = []
    while batch := outbox.pending(Kind.ALERT, after=found[-1] if found else 0, limit=4):
        found += seqs(batch)
    assert found == list(range(2, 13))


def test_what_memory_holds_is_stored_when_there_is_room(
    reopen: Callable[[], Outbox], clock: FakeClock, tmp_path: Path
) -> None:
    """Same number, same bytes; the reserve is made again, no number is skipped, and nothing is said of a rescue."""
    outbox = reopen()
    fill_disk(outbox)
    entries = outbox.put_urgent([ALERT])
    free_disk(outbox)
    assert not outbox.recover()
    clock.advance(RECOVER_SECONDS)
    assert outbox.recover()
    assert outbox.cramped is None
    assert (tmp_path / "state" / RESERVE).exists()
    assert seqs(outbox.put([draft()])) == [2]
    outbox = reopen()
    assert outbox.pending(Kind.ALERT, after=0, limit=10) == entries
    assert (outbox.status().undurable, outbox.status().rescues) == (1, 0)
    assert seqs(outbox.put([draft()])) == [3]


def test_a_kill_on_a_full_disk_repeats_no_number(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """Nobody knows what the killed process sent from memory: all numbers it may have used are skipped."""
    outbox = reopen()
    fill_disk(outbox)
    sent = seqs(outbox.put_urgent([ALERT] * 5))
    shutil.copytree(tmp_path / "state", tmp_path / "killed")
    outbox = reopen("killed")
    (entry,) = outbox.put([ALERT])
    assert entry.seq > max(sent)
    assert json.loads(entry.message.payload)["kind_seq"] > len(sent)
    assert outbox.status().rescues == 1
    assert reopen("killed").put([ALERT])[0].seq == entry.seq + 1


def test_numbers_marked_in_place_survive_a_torn_write(reopen: Callable[..., Outbox], tmp_path: Path) -> None:
    """A number file that became illegible while it was written over itself stands for numbers that may be used."""
    outbox = reopen()
    fill_disk(outbox)
    sent = seqs(outbox.put_urgent([ALERT] * 500))
    shutil.copytree(tmp_path / "state", tmp_path / "killed")
    path = tmp_path / "killed" / NUMBERS
    path.write_bytes(path.read_bytes()[:9] + bytes(200))
    assert reopen("killed").put([ALERT])[0].seq > max(sent)


def test_a_number_file_that_is_loose_is_skipped_whole(tmp_path: Path) -> None:
    """However near the database's own count is to its end: what comes after that may have been sent from memory."""
    before = Numbering(tmp_path / NUMBERS)
    assert not before.start(Numbers(), damaged=False, milliseconds=0)
    before.loosen()
    counted = Numbers().ahead(before.highest_reserved - 10)
    after = Numbering(tmp_path / NUMBERS)
    assert after.start(counted, damaged=False, milliseconds=0)
    assert after.used.seq == before.highest_reserved


def test_what_has_expired_blocks_nothing_on_a_full_disk(reopen: Callable[[], Outbox], clock: FakeClock) -> None:
    """It cannot be taken out, so it is passed over until it can."""
    outbox = reopen()
    outbox.put([draft(expiry=30), draft(expiry=30), draft()])
    fill_disk(outbox)
    clock.advance(60)
    assert seqs(outbox.pending(Kind.DETECTION, after=0, limit=1)) == [3]
    free_disk(outbox)
    assert seqs(outbox.pending(Kind.DETECTION, after=0, limit=1)) == [3]
    assert outbox.status().losses == Losses(expired=2)


def test_numbers_that_cannot_be_made_safe_are_not_given_out(
    reopen: Callable[[], Outbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk that takes nothing at all, not even over itself, alerts have to wait."""
    outbox = reopen()
    fill_disk(outbox)
    monkeypatch.setattr(outbox._footing.numbering._file, "_overwrite", lambda _: False)
    with pytest.raises(OutboxError, match="the disk is full"):
        outbox.put_urgent([ALERT])
    assert outbox.highest_number == 0


def test_what_could_not_be_read_meanwhile_is_announced(
    reopen: Callable[[], Outbox], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alerts from memory do not wait for older ones that cannot be read; once they can, whoever sends hears of it."""
    outbox = reopen()
    outbox.put([ALERT])
    fill_disk(outbox)
    outbox.put_urgent([ALERT])

    def unreadable(*_: object) -> None:
        raise OutboxError("outbox.db: disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(outbox._store, "read", unreadable)
        assert seqs(outbox.pending(Kind.ALERT, after=0, limit=10)) == [2]
        with pytest.raises(OutboxError, match="I/O error"):
            outbox.pending(Kind.DETECTION, after=0, limit=10)
    before = outbox.upheaval
    free_disk(outbox)
    clock.advance(RECOVER_SECONDS)
    assert outbox.recover()
    assert outbox.upheaval > before
    assert seqs(outbox.pending(Kind.ALERT, after=0, limit=10)) == [1, 2]


def test_memory_is_bounded(reopen: Callable[[], Outbox]) -> None:
    """Beyond so many, alerts get no number and have to wait."""
    outbox = reopen()
    fill_disk(outbox)
    outbox.put_urgent([ALERT] * MOST_LOOSE)
    with pytest.raises(OutboxFullError):
        outbox.put_urgent([ALERT])
    assert outbox.highest_number == MOST_LOOSE


def test_what_memory_holds_expires_and_is_rejected_like_the_rest(
    reopen: Callable[[], Outbox], clock: FakeClock
) -> None:
    """Both leave the queue and are counted, now and after there is room again."""
    outbox = reopen()
    fill_disk(outbox)
    outbox.put_urgent([draft(Kind.ALERT, expiry=60), ALERT, ALERT])
    clock.advance(20)
    assert outbox.pending(Kind.ALERT, after=0, limit=1)[0].message.expiry_seconds == 40
    clock.advance(40)
    outbox.reject(2, reason="refused")
    assert seqs(outbox.pending(Kind.ALERT, after=0, limit=10)) == [3]
    assert outbox.status().losses == Losses(expired=1, dead_letter=1)
    free_disk(outbox)
    clock.advance(RECOVER_SECONDS)
    assert outbox.recover()
    assert outbox.status().alert_losses == Losses(expired=1, dead_letter=1)
    assert reopen().status().losses == Losses(expired=1, dead_letter=1)


def test_what_was_refused_in_memory_is_set_aside_once_there_is_room(
    reopen: Callable[[], Outbox], clock: FakeClock, tmp_path: Path
) -> None:
    """With its content and the reason, so that people can look at it and put it back."""
    outbox = reopen()
    fill_disk(outbox)
    (entry,) = outbox.put_urgent([ALERT])
    outbox.reject(entry.seq, reason="t/alert: refused")
    free_disk(outbox)
    clock.advance(RECOVER_SECONDS)
    assert outbox.recover()
    letter = inspection.letter(tmp_path / "state", entry.seq)
    assert (letter.payload, letter.reason, letter.intact) == (entry.message.payload, "t/alert: refused", True)
    assert outbox.status().losses == Losses(dead_letter=1)


def test_attempts_to_store_grow_rarer_while_there_is_no_room(
    reopen: Callable[[], Outbox], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each wears the disk: at most one a minute in the long run, none where memory holds nothing, at once with room."""
    outbox = reopen()
    monkeypatch.setattr("insect_edge.outbox.footing.free_bytes", lambda _: 0)
    monkeypatch.setattr("insect_edge.outbox.reserve.free_bytes", lambda _: 0)
    fill_disk(outbox)
    attempts: list[object] = []
    full = outbox._store.transact
    outbox._store.transact = lambda work: (attempts.append(work), full(work))  # type: ignore[method-assign,assignment]
    outbox._footing.make_room()
    clock.advance(600)
    assert (outbox.recover(), attempts) == (False, [])
    outbox.put_urgent([ALERT])
    for _ in range(600):
        clock.advance(1)
        outbox.recover()
    assert 9 <= len(attempts) <= 15
    monkeypatch.undo()
    free_disk(outbox)
    clock.advance(RECOVER_SECONDS)
    assert outbox.recover()


def test_without_room_for_a_reserve_the_start_says_so(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is all but full is told before anything is put, and numbers are safe from then on."""
    monkeypatch.setattr("insect_edge.outbox.reserve.free_bytes", lambda _: RESERVE_BYTES)
    outbox = Outbox.open(tmp_path / "state", clock=clock, limits=BOUNDLESS)
    assert "the disk is full" in str(outbox.cramped)
    assert json.loads((tmp_path / "state" / NUMBERS).read_text())["loose"]
    monkeypatch.undo()
    clock.advance(RECOVER_SECONDS)
    assert outbox.recover()
    assert seqs(outbox.put([draft()])) == [1]
    outbox.close()


def _no_room() -> None:
    raise OSError(28, "No space left on device")
