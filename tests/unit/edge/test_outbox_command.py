"""`insect-edge outbox` in the terminal, beside a daemon that uses the outbox."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.domain import Message
from insect_edge.health.report import Losses
from insect_edge.outbox.queue import Draft, Kind, Outbox, OutboxLimits
from support.command_line import caller
from support.outbox_world import draft, everything, seqs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.command_line import Outcome

REASON = "t/alert: refused: not authorised"


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Outcome]:
    """Runs `insect-edge outbox` on the outbox of the test."""
    run = caller(monkeypatch, capsys)

    def outbox(*arguments: object) -> Outcome:
        return run("outbox", arguments[0], "--directory", tmp_path / "state", *arguments[1:])

    return outbox


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """The daemon's outbox, in use: alert 2 is a dead letter, 1, 3 and 4 wait."""
    opened = Outbox.open(tmp_path / "state", clock=FakeClock(), limits=OutboxLimits())
    opened.put([draft(), draft(Kind.ALERT), draft(), draft(Kind.ALERT)])
    opened.reject(2, reason=REASON)
    yield opened
    opened.close()


def test_list_shows_the_queue_in_its_order(outbox: Outbox, call: Callable[..., Outcome]) -> None:
    """Alerts, then detections, then dead letters with their reasons."""
    lines = call("list").out.splitlines()
    assert lines[0] == "1 alerts and 2 detections wait, 1 dead letters"
    assert [int(line.split()[0]) for line in lines[1:]] == [4, 1, 3, 2]
    assert "2026-06-01T12:00:00.000Z" in lines[1]
    assert lines[4].endswith(REASON)
    assert outbox.status().depth == 3


def test_list_for_programs(outbox: Outbox, call: Callable[..., Outcome]) -> None:
    """The same as JSON; counts are of everything, however few are shown."""
    found = json.loads(call("list", "--json", "--limit", "2").out)
    assert found["waiting"] == {"alerts": 1, "detections": 2, "size_bytes": outbox.status().size_bytes}
    assert (found["dead_letters"], [message["seq"] for message in found["messages"]]) == (1, [4, 1])
    assert call("list", "--limit", "2").out.splitlines()[-1] == "… and 2 more: --limit shows them"


def test_show_prints_a_message_whole(outbox: Outbox, call: Callable[..., Outcome]) -> None:
    """With what is known of it, and the payload as it would be sent."""
    (alert,) = outbox.pending(Kind.ALERT, after=0, limit=1)
    shown = call("show", 4).out
    assert alert.message.payload.decode() in shown
    assert "state          waiting" in shown
    found = json.loads(call("show", 2, "--json").out)
    assert (found["state"], found["reason"], found["payload"]["seq"]) == ("dead", REASON, 2)
    assert found["intact"]


def test_a_payload_that_is_no_json_is_shown_all_the_same(outbox: Outbox, call: Callable[..., Outcome]) -> None:
    """Bytes are escaped for people and Base64 for programs."""
    message = Message(topic="t", payload=b"\xff\x00", qos=1, retain=False)
    outbox.put([Draft(kind=Kind.DETECTION, build=lambda _: message)])
    assert "\\xff" in call("show", 5).out
    assert json.loads(call("show", 5, "--json").out)["payload_base64"] == "/wA="


def test_retry_puts_a_dead_letter_back_as_it_was(outbox: Outbox, call: Callable[..., Outcome]) -> None:
    """Same number, same bytes, and it counts as a dead letter no more; the daemon's outbox notices."""
    outbox.look_for_changes()
    before = outbox.upheaval
    assert call("retry", 2).out == "1 put back into the queue\n"
    assert seqs(everything(outbox)) == [2, 4, 1, 3]
    assert json.loads(everything(outbox)[0].message.payload)["seq"] == 2
    assert outbox.status().losses == Losses()
    outbox.look_for_changes()
    assert outbox.upheaval == before
    outbox._clock.advance(60)  # type: ignore[attr-defined]
    outbox.look_for_changes()
    assert outbox.upheaval == before + 1


def test_retry_does_all_or_nothing(outbox: Outbox, call: Callable[..., Outcome]) -> None:
    """One number that is no dead letter, and none is put back."""
    assert call("retry", 2, 3).error == "3: not among the dead letters: see `insect-edge outbox list`"
    assert outbox.status().losses == Losses(dead_letter=1)


def test_retry_sends_nothing_that_is_no_message(outbox: Outbox, call: Callable[..., Outcome], tmp_path: Path) -> None:
    """What could not be made, or was damaged on the disk, stays where it is."""

    def fail(_: object) -> Message:
        raise ValueError("no payload")

    outbox.put([Draft(kind=Kind.ALERT, build=fail)])
    assert call("retry", 5).error == "5: could not be made: ValueError: no payload: there is nothing to send"
    with closing(sqlite3.connect(tmp_path / "state" / "outbox.db")) as database, database:
        database.execute("UPDATE dead_letter SET payload = x'00' WHERE seq = 2")
    assert call("retry", 2).error == "2: damaged on the disk: it must not be sent"


def test_purge_deletes_dead_letters(outbox: Outbox, call: Callable[..., Outcome]) -> None:
    """They stay counted, and what waits stays."""
    assert call("purge").out == "1 dead letters deleted\n"
    assert call("purge", "--dead").out == "0 dead letters deleted\n"
    assert outbox.status().losses == Losses(dead_letter=1)
    assert outbox.status().depth == 3


def test_purge_all_deletes_everything(outbox: Outbox, call: Callable[..., Outcome]) -> None:
    """What waited counts as dropped, so the gap it leaves is explained."""
    assert call("purge", "--all").out == "1 dead letters deleted, 3 waiting messages dropped\n"
    assert outbox.status().depth == 0
    assert outbox.status().losses == Losses(dead_letter=1, dropped=3)
    assert outbox.status().alert_losses == Losses(dead_letter=1, dropped=1)


def test_an_outbox_nobody_uses_is_read_too(outbox: Outbox, call: Callable[..., Outcome]) -> None:
    """The daemon need not run."""
    outbox.close()
    assert call("list").out.startswith("1 alerts and 2 detections wait")
    assert call("retry", 2).code == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_only_be_read_is_read(outbox: Outbox, call: Callable[..., Outcome], tmp_path: Path) -> None:
    """Looking needs no rights to write; changing says what is missing."""
    outbox.close()
    (tmp_path / "state").chmod(0o500)
    try:
        assert call("list").out.startswith("1 alerts and 2 detections wait")
        assert "run this as the user of the service" in call("retry", 2).error
    finally:
        (tmp_path / "state").chmod(0o700)


def test_the_configuration_says_where_it_is(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """As `run` finds it."""
    assert outbox.status().depth == 3
    (tmp_path / "trap.toml").write_text('outbox.directory = "state"', encoding="utf-8")
    run = caller(monkeypatch, capsys)
    assert run("outbox", "list", "--config", tmp_path / "trap.toml").out.startswith("1 alerts and 2 detections wait")


def test_which_outbox_has_to_be_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Neither place, or both, is a usage error."""
    run = caller(monkeypatch, capsys)
    assert "say which outbox" in run("outbox", "list").usage_error
    assert "say which outbox" in run("outbox", "list", "--config", "a", "--directory", tmp_path).usage_error
    assert "SEQ" in run("outbox", "retry", "--directory", tmp_path).usage_error


def test_where_there_is_none_it_says_so(call: Callable[..., Outcome], tmp_path: Path) -> None:
    """A folder that is not there, is empty or holds something else is one line, and nothing is made in it."""
    assert "no outbox there" in call("list").error
    (tmp_path / "state").mkdir()
    assert "no outbox there" in call("purge").error
    (tmp_path / "state" / "outbox.db").write_bytes(b"no database " * 500)
    assert "damaged" in call("list").error
    (tmp_path / "state" / "outbox.db").write_bytes(b"")
    assert "its format is 0" in call("retry", 1).error


def test_what_is_not_there_cannot_be_shown(outbox: Outbox, call: Callable[..., Outcome]) -> None:
    """An unknown number is an error in one line, nonsense a usage error."""
    assert call("show", 77).error.startswith("77: not in the outbox")
    assert call("show", "0").code == 2
    assert call("show", "x").code == 2
    assert outbox.status().depth == 3
