"""What systemd's journal is told of a line beside its words, and how its native protocol writes that down.

See https://systemd.io/JOURNAL_NATIVE_PROTOCOL: a datagram of `NAME=value` lines; a value of several lines stands behind
its length in bytes, as 64 bits, little-endian.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from insect_edge.domain import Event

FIELDS = "journal_fields"
"""Attribute of a log record that holds what `event_fields` gives."""
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG_PRIORITY = 7
_LENGTH_BYTES = 8


def event_fields(event: Event) -> dict[str, Any]:
    """The `extra` of a line about an event, for `journalctl INSECT_LABEL=slug` or `EVENT_ID=…`."""
    fields = {
        "EVENT_ID": event.event_id,
        "EVENT_PHASE": str(event.phase),
        "INSECT_LABEL": event.label,
        "INSECT_SCORE": f"{event.score:.4f}",
        "INSECT_ALERT": "yes" if event.alert else "no",
    }
    if event.role is not None:
        fields["INSECT_ROLE"] = str(event.role)
    if event.rule is not None:
        fields["INSECT_RULE"] = event.rule.words
    return {FIELDS: fields}


def passed(event: Event) -> str:
    """Which threshold an event's arrival passed, for the line of its alert; nothing where every sighting alerts."""
    return "" if event.rule is None or event.rule.limit is None else f", {event.rule.words}"


def entry(record: logging.LogRecord, *, text: str) -> dict[str, str]:
    """The fields of one line: those every program has, and the record's own."""
    own: Mapping[str, str] = getattr(record, FIELDS, {})
    return {
        "MESSAGE": text,
        "PRIORITY": str(next((number for level, number in _PRIORITIES if record.levelno >= level), _DEBUG_PRIORITY)),
        "SYSLOG_IDENTIFIER": "insect-edge",
        "LOGGER": record.name,
        "CODE_FUNC": record.funcName or "",
        **own,
    }


def datagram(fields: Mapping[str, str]) -> bytes:
    """The fields as the journal's socket takes them."""
    return b"".join(_written(name, value.encode(errors="backslashreplace")) for name, value in fields.items())


def _written(name: str, value: bytes) -> bytes:
    if b"\n" not in value:
        return b"%s=%s\n" % (name.encode(), value)
    return b"%s\n%s%s\n" % (name.encode(), len(value).to_bytes(_LENGTH_BYTES, "little"), value)
