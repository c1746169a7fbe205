"""From messages back to lines a person reads: what `insect-edge watch` and the demo print."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

_STYLES = {"alert": "\x1b[1;31m", "detection": "\x1b[36m", "health": "\x1b[33m", "availability": "\x1b[2m"}
_PLAIN = "\x1b[0m"
_DEVICE_LEVEL = -2


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One message, understood.

    Attributes:
        kind: `alert`, `detection`, `health`, `availability`, `command`, `reply` or `other`.
        device: who sent it, by its topic.
        text: for people, without device and time.
        content: the payload where it was JSON, else empty.
    """

    kind: str
    device: str
    text: str
    content: dict[str, Any]


def read(topic: str, payload: bytes) -> Reading | None:
    """Understand one message of a device; None for what is no news for a person (pictures, repeats for dashboards).

    Args:
        topic: full name, `<root>/<device>/<what>`.
        payload: as it came; anything may come on a public broker.
    """
    levels = topic.split("/")
    if levels[-1] in {"snapshot", "last_detection", "classification", "counts"} or "snapshot" in levels[-2:]:
        return None
    if levels[-1] == "availability":
        state = payload.decode(errors="replace") or "forgotten"
        return Reading(kind="availability", device=_device(levels), text=state, content={})
    if "command" in levels[-2:-1]:
        return Reading(kind="command", device=_device(levels[:-1]), text=f"command    {levels[-1]}", content={})
    content = _json(payload)
    kind = str(content.get("schema", "")).split("/")[1:2]
    describe = {"alert": _alert, "detection": _detection, "health": _health, "reply": _reply}.get(
        kind[0] if kind else ""
    )
    if describe is None:
        return Reading(kind="other", device=_device(levels), text=f"{topic}: {len(payload)} bytes", content=content)
    try:
        text = describe(content)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        text = f"{topic}: not understood ({type(error).__name__} {error})"
    device = str(content.get("device_id", _device(levels)))
    return Reading(kind=kind[0], device=device, text=text, content=content)


def line(reading: Reading, *, arrived: datetime, colored: bool) -> str:
    """A reading as one line: time of day (UTC), device, what happened.

    Args:
        reading: what was understood.
        arrived: UTC; stands in where the message itself does not say when.
        colored: whether to colour it for a terminal.
    """
    time_of_day = str(reading.content.get("at") or arrived.isoformat())[11:19]
    text = f"{time_of_day}  {reading.device}  {reading.text}"
    # Anybody may publish to a broker; nobody may steer the reader's terminal with it.
    text = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    style = _STYLES.get(reading.kind, "")
    return f"{style}{text}{_PLAIN}" if colored and style else text


def _device(levels: list[str]) -> str:
    # Two levels below the root for most topics; alert/<label> is one deeper.
    position = _DEVICE_LEVEL - 1 if levels[_DEVICE_LEVEL:][0] == "alert" and len(levels) > 2 else _DEVICE_LEVEL  # noqa: PLR2004
    return levels[position] if len(levels) >= -position else "?"


def _json(payload: bytes) -> dict[str, Any]:
    try:
        content = json.loads(payload)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _alert(content: dict[str, Any]) -> str:
    if content.get("test"):
        return "TEST ALERT nothing was seen"
    rule = content.get("rule") or {}
    # That every sighting alerts is nothing to be told with each.
    why = f" ({rule['words']})" if rule.get("kind", "sighting") != "sighting" else ""
    return f"ALERT      {content['label']} {content['score']:.2f}, {_looks(content)}{why}"


def _detection(content: dict[str, Any]) -> str:
    # A correction tells nothing new but when it was, which is the time its line begins with.
    phase = "dated" if content.get("corrects") else content["phase"]
    return f"detection  {content['label']} {content['score']:.2f}, {phase}, {_looks(content)}"


def _reply(content: dict[str, Any]) -> str:
    return f"answer     {content['command']}: {'done' if content['ok'] else content['error']}"


def _looks(content: dict[str, Any]) -> str:
    return f"seen in {content['hits']} of {content['frames']} frames"


def _health(content: dict[str, Any]) -> str:
    reasons = ", ".join(content["reasons"])
    rate = content.get("frames_per_second")
    details = [f"({reasons})"] if reasons else []
    details += [f"{rate:.1f} frames/s"] if rate else []
    return " ".join([f"health     {content['state']}", *details])
