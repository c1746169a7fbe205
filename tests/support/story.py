"""What a device told, as a suspicious subscriber checks it: shapes, numbers, repeats, and the device's own log."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from support.payloads import validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from support.mosquitto import Subscriber
    from support.programs import Program

TOPIC = "insect-edge/trap"
"""What the device's topics begin with."""
Fact = tuple[str, str]
"""`start`, `end` or `alert`, and the id of the event."""

_LOGGED = re.compile(r"(?:event (start|end)|(alert)): .* \(([0-9a-f]+)\)$")


def content(payload: bytes) -> dict[str, Any]:
    """A JSON payload that keeps to the schema it names."""
    found: dict[str, Any] = json.loads(payload)
    validator(found["schema"].split("/")[1]).validate(found)
    return found


def latest(subscriber: Subscriber, name: str) -> dict[str, Any]:
    """The newest payload of one of the device's topics."""
    return content([payload for topic, payload, _ in subscriber.received if topic == f"{TOPIC}/{name}"][-1])


def availability(subscriber: Subscriber) -> list[str]:
    """What was said of being there."""
    return [payload.decode() for topic, payload, _ in subscriber.received if topic == f"{TOPIC}/availability"]


def messages(*subscribers: Subscriber) -> list[dict[str, Any]]:
    """Detections and alerts in the order of their first arrival; a repeat has to be the same to the last byte."""
    payloads: dict[str, bytes] = {}
    for subscriber in subscribers:
        for topic, payload, retained in subscriber.received:
            if topic == f"{TOPIC}/detection" or topic.startswith(f"{TOPIC}/alert/"):
                assert not retained
                message_id = json.loads(payload)["message_id"]
                assert payloads.setdefault(message_id, payload) == payload
    return [content(payload) for payload in payloads.values()]


def told(found: Iterable[dict[str, Any]]) -> set[Fact]:
    """What these messages say of events."""
    return {("alert" if "alert_seq" in message else message["phase"], message["event_id"]) for message in found}


def wait_until_told(*subscribers: Subscriber, by: Iterable[Program]) -> None:
    """Wait until subscribers, the newest last, have between them all that these daemons have logged by now."""
    wanted = logged(*by)
    subscribers[-1].wait_until(lambda: wanted <= told(messages(*subscribers)))


def logged(*programs: Program) -> set[Fact]:
    """What daemons wrote into their logs of events."""
    matches = [match for program in programs for line in list(program.errors) if (match := _LOGGED.search(line))]
    return {(match[1] or match[2], match[3]) for match in matches}


def assert_numbered(found: Sequence[dict[str, Any]], *, first: int = 1) -> None:
    """No number is missing or used twice, and alerts among themselves and detections among themselves are in order."""
    assert sorted(message["seq"] for message in found) == list(range(first, first + len(found)))
    for counter in ("alert_seq", "detection_seq"):
        kind = [message for message in found if counter in message]
        assert [message["seq"] for message in kind] == sorted(message["seq"] for message in kind)
        numbers = [message[counter] for message in kind]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    for message in found:
        assert message["message_id"] == f"trap-{message['seq']}"
