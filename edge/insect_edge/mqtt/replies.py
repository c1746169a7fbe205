"""Answers to commands as payloads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from insect_edge.domain import Message
from insect_edge.mqtt.fields import encode, when

if TYPE_CHECKING:
    from collections.abc import Mapping

    from insect_edge.domain import Moment
    from insect_edge.mqtt.payloads import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a command.

    Attributes:
        error: one line on why it was not obeyed; None where it was.
        result: what the asker may want to know.
    """

    error: str | None = None
    result: Mapping[str, Any] | None = None


def reply(
    outcome: Outcome,
    *,
    command: str,
    topic: str,
    request_id: str | None,
    correlation_data: bytes | None,
    at: Moment,
    boot_id: str,
    device_id: str,
) -> Message:
    """The answer to one command, QoS 0: on the connection it was asked on, or never.

    Args:
        outcome: what became of it.
        command: what was asked.
        topic: where the answer goes.
        request_id: the asker's own, from the command's payload.
        correlation_data: the asker's own, of MQTT 5.
        at: now.
        boot_id: which boot monotonic times belong to.
        device_id: who answers.
    """
    payload: Reply = {
        "schema": "insect-edge/reply/1",
        "command": command,
        "id": request_id,
        "ok": outcome.error is None,
        "error": outcome.error,
        "result": None if outcome.result is None else dict(outcome.result),
        **when(at, boot_id=boot_id),
        "device_id": device_id,
    }
    return Message(topic=topic, payload=encode(payload), qos=0, retain=False, correlation_data=correlation_data)
