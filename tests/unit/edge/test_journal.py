"""What stands in systemd's journal: each line once, with its fields."""

from __future__ import annotations

import io
import logging
import os
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from insect_edge.adapters.journal_socket import JournalHandler, is_the_journal
from insect_edge.alert_rule import FiredRule, RuleKind
from insect_edge.journal import FIELDS, datagram, entry, event_fields, passed
from support.payloads import event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

NAMES = st.from_regex(r"[A-Z][A-Z_]{0,20}", fullmatch=True)


def read(content: bytes) -> dict[str, bytes]:
    """A datagram as journald takes it apart."""
    fields: dict[str, bytes] = {}
    while content:
        line, _, content = content.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            length = int.from_bytes(content[:8], "little")
            value, content = content[8 : 8 + length], content[8 + length + 1 :]
        fields[name.decode()] = value
    return fields


def record(level: int = logging.INFO, text: str = "event start", **extra: Any) -> logging.LogRecord:
    """A line of the daemon."""
    made = logging.LogRecord("insect_edge.daemon", level, __file__, 1, text, (), None, "_tell")
    vars(made).update(extra)
    return made


@contextmanager
def journal(folder: Path) -> Iterator[tuple[socket.socket, JournalHandler, io.StringIO]]:
    """A socket as journald's, and a handler that sends there."""
    stream = io.StringIO()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "socket"))
        manager.settimeout(5)
        handler = JournalHandler(stream, path=folder / "socket")
        try:
            yield manager, handler, stream
        finally:
            handler.close()


@given(st.dictionaries(NAMES, st.text()))
def test_any_text_arrives_as_it_was(fields: dict[str, str]) -> None:
    """No value, of several lines or with an equals sign, is taken for another field."""
    assert read(datagram(fields)) == {name: value.encode(errors="backslashreplace") for name, value in fields.items()}


def test_an_event_can_be_searched_for() -> None:
    """Label, score, role and id of an event are fields of their own."""
    told = event(label="slug", score=0.91236)
    fields = read(datagram(entry(record(**event_fields(told)), text="event start: slug")))
    assert fields["MESSAGE"] == b"event start: slug"
    assert (fields["INSECT_LABEL"], fields["INSECT_SCORE"]) == (b"slug", b"0.9124")
    assert fields["EVENT_ID"].decode() == told.event_id
    assert fields["EVENT_PHASE"].decode() == told.phase
    assert "MESSAGE_ID" not in fields


def test_priorities_are_those_of_syslog() -> None:
    """`journalctl -p warning` shows what the daemon calls a warning, and worse."""
    levels = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)
    assert [entry(record(level), text="")["PRIORITY"] for level in levels] == ["7", "6", "4", "3", "2"]


def test_a_line_goes_to_the_journal_alone(tmp_path: Path) -> None:
    """What the socket has taken is not written to standard error again."""
    with journal(tmp_path) as (manager, handler, stream):
        handler.handle(record(text="two\nlines", **{FIELDS: {"EVENT_ID": "e1"}}))
        fields = read(manager.recv(65_536))
        assert (fields["MESSAGE"], fields["EVENT_ID"], fields["LOGGER"]) == (
            b"two\nlines",
            b"e1",
            b"insect_edge.daemon",
        )
        assert stream.getvalue() == ""


def test_a_line_that_the_socket_refuses_is_not_lost(tmp_path: Path) -> None:
    """Too long for a datagram, or with nobody there, it goes to standard error with its priority, line by line."""
    with journal(tmp_path) as (_, handler, stream):
        handler.handle(record(logging.ERROR, "x" * 4_000_000))
        assert stream.getvalue() == f"<3>{'x' * 4_000_000}\n"
        (tmp_path / "socket").unlink()
        handler.handle(record(logging.WARNING, "two\nlines"))
        assert stream.getvalue().endswith("x\n<4>two\n<4>lines\n")


def test_only_the_stream_systemd_connected_is_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A standard error that was sent into a file stays the log, whatever the environment says."""
    with (tmp_path / "log").open("w", encoding="utf-8") as log, (tmp_path / "other").open("w") as other:
        status = os.fstat(log.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        assert is_the_journal(log)
        assert not is_the_journal(other)
        assert not is_the_journal(io.StringIO())
        monkeypatch.delenv("JOURNAL_STREAM")
        assert not is_the_journal(log)


def test_an_alert_by_a_threshold_says_which() -> None:
    """In its line and in a field; a plain sighting adds nothing to the line, and an update neither."""
    passed_one = FiredRule(kind=RuleKind.COUNT, label="slug", words="slug: 6 in an hour, more than 5", limit=5.0)
    sighted = FiredRule(kind=RuleKind.SIGHTING, label="slug", words="slug: every sighting")
    assert passed(event(rule=passed_one)) == ", slug: 6 in an hour, more than 5"
    assert event_fields(event(rule=passed_one))[FIELDS]["INSECT_RULE"] == "slug: 6 in an hour, more than 5"
    assert passed(event(rule=sighted)) == passed(event(rule=None)) == ""
    assert "INSECT_RULE" not in event_fields(event(rule=None))[FIELDS]
