"""Whether a message on a command topic is obeyed, decided before anything is done.

A command is its topic, `command/<name>`; its payload is empty or a JSON object that may carry an `id` to be given back,
for clients of MQTT 3.1.1, which has no correlation data. Whatever is not understood is refused, never guessed at.
"""

from __future__ import annotations

import enum
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insect_edge.mqtt.topics import Topics
    from insect_edge.protocols import Received

LARGEST_PAYLOAD = 1024
"""Bytes; no command needs more than an id."""
LONGEST_ID = 64
LONGEST_TOPIC = 1024
"""Characters of a response topic."""
LARGEST_CORRELATION = 1024
"""Bytes of correlation data that are given back."""
_NAME = re.compile(r"[a-z0-9-]{1,32}")
_UNKNOWN = "unknown"


class Command(enum.StrEnum):
    """Everything that can be asked."""

    CAPTURE = "capture"
    TEST_ALERT = "test-alert"
    RELOAD = "reload"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTo:
    """Where the answer goes and how the asker recognises it.

    Attributes:
        topic: full name.
        correlation_data: given back under MQTT 5.
        request_id: given back inside the payload.
    """

    topic: str
    correlation_data: bytes | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A command that is obeyed."""

    command: Command
    reply_to: ReplyTo


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A command that is not; `name` is what was asked for, `error` one line for the asker."""

    name: str
    reply_to: ReplyTo
    error: str


def decide(message: Received, *, topics: Topics, closed_roots: tuple[str, ...] = ()) -> Request | Refusal:
    """What becomes of a message on `command/<name>`.

    Args:
        message: as it came.
        topics: of this device.
        closed_roots: first levels below which no answer is sent, whatever the asker wants: nobody shall have this
            device write where he may not write himself.
    """
    name = message.topic.rpartition("/")[2]
    known = name if _NAME.fullmatch(name) else _UNKNOWN
    usual = ReplyTo(topic=topics.command_reply(known), correlation_data=_correlation(message))
    problem = _problem(message, name=name)
    if message.response_topic is None:
        reply_to = usual
    elif _may_be_answered(message.response_topic, topics=topics, closed_roots=closed_roots):
        reply_to = ReplyTo(topic=message.response_topic, correlation_data=usual.correlation_data)
    else:
        reply_to, problem = usual, "no answer may be sent to that response topic: name one outside the devices' topics"
    if problem is not None:
        return Refusal(name=known, reply_to=reply_to, error=problem)
    request_id, problem = _request_id(message.payload)
    if problem is not None:
        return Refusal(name=known, reply_to=reply_to, error=problem)
    reply_to = ReplyTo(topic=reply_to.topic, correlation_data=reply_to.correlation_data, request_id=request_id)
    return Request(command=Command(name), reply_to=reply_to)


def _problem(message: Received, *, name: str) -> str | None:
    if name not in set(Command):
        return f"unknown command: there are {', '.join(Command)}"
    if message.retain:
        return "retained, so it would be obeyed again after every reconnect: publish it without retain"
    if len(message.payload) > LARGEST_PAYLOAD:
        return f"{len(message.payload)} bytes of payload, at most {LARGEST_PAYLOAD} are read: send an empty one"
    return None


def _correlation(message: Received) -> bytes | None:
    data = message.correlation_data
    return data if data is not None and len(data) <= LARGEST_CORRELATION else None


def _may_be_answered(topic: str, *, topics: Topics, closed_roots: tuple[str, ...]) -> bool:
    """Whether a response topic is one, and not one that means something to others."""
    if topic.startswith(topics.command("")) and topic.endswith("/reply"):
        return topic.count("/") == topics.command_reply("x").count("/") and not re.search(r"[#+\0]", topic)
    well_formed = 0 < len(topic) <= LONGEST_TOPIC and not re.search(r"[#+\x00-\x1f\x7f]", topic)
    closed = any(topic == root or topic.startswith(f"{root}/") for root in (topics.root, *closed_roots))
    return well_formed and not topic.startswith("$") and not closed


def _request_id(payload: bytes) -> tuple[str | None, str | None]:
    """The id inside the payload, or what is wrong with it."""
    if not payload.strip():
        return None, None
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        return None, "the payload is no JSON: send an empty one, or an object like {}"
    if not isinstance(content, dict):
        return None, "the payload is no JSON object: send an empty one, or an object like {}"
    if unknown := sorted(set(content) - {"id"}):
        return None, f"unknown key {json.dumps(unknown[0][:40])}: the payload is empty or an object with an id"
    request_id = content.get("id")
    if request_id is None or _is_id(request_id):
        return request_id, None
    return None, f"id must be a text of 1 to {LONGEST_ID} printable characters"


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable()
