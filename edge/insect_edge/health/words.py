"""What the health report means, for a grower: one sentence, and a page of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from insect_edge.health.judgement import INFORMS, STOPS_DETECTION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_STATES = {
    "starting": "starting",
    "ready": "ready",
    "degraded": "working, with trouble",
    "failed": "not working",
    "stopping": "stopping",
}
_REASONS = {
    "broker_down": "there is no connection to the broker, so alerts wait",
    "camera_lost": "the camera does not answer",
    "clock_unsynced": "the clock is not set yet",
    "dark": "it is too dark to see anything",
    "disk_full": "the disk is full",
    "disk_low": "the disk is almost full",
    "memory_low": "the machine is short of memory",
    "model_rolled_back": "the chosen model failed, so the one before it is used",
    "outbox_failed": "messages cannot be stored",
    "quiet": "no insect for a day",
    "stalled": "the camera shows the same picture again and again, or none",
    "throttled": "the board is too hot or short of power and slows down",
    "under_voltage": "the power supply is too weak",
}
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0
_KIB = 1024.0
_NAME_WIDTH = 8


def sentence(state: str, reasons: Iterable[str]) -> str:
    """`working, with trouble: the clock is not set yet (clock_unsynced)`; the worst comes first."""
    worst_first = sorted(reasons, key=lambda reason: (reason not in STOPS_DETECTION, reason in INFORMS, reason))
    words = [f"{_REASONS[reason]} ({reason})" if reason in _REASONS else reason for reason in worst_first]
    said = _STATES.get(state, state)
    return f"{said}: {'; '.join(words)}" if words else said


def page(report: Mapping[str, Any]) -> str:
    """The JSON report in a few lines.

    Raises:
        KeyError: when it lacks a field.
    """
    rows = {
        "camera": _camera(report),
        "model": _model(report),
        "broker": _broker(report["broker"]),
        "outbox": _outbox(report["outbox"]),
        "machine": _machine(report),
        "clock": "set" if report["clock_synced"] else "not set: times are unknown until a time server answers",
        "runs": f"for {duration(report['uptime_seconds'])}, insect-edge {report['versions'].get('insect-edge', '?')}",
    }
    first = f"{report['device_id']}: {sentence(report['state'], report['reasons'])}"
    return "\n".join([first, *(f"  {name:<{_NAME_WIDTH}}{words}" for name, words in rows.items())])


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min`, `5 h`, `2 days`: as exact as anybody wants to know."""
    if seconds < 10:  # noqa: PLR2004 # below, tenths matter
        return f"{seconds:.1f} s"
    for unit, length in (("days", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def size(count: float) -> str:
    """`512 B`, `3.4 MiB`."""
    for unit in ("B", "KiB", "MiB"):
        if count < _KIB:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= _KIB
    return f"{count:.1f} GiB"


def _camera(report: Mapping[str, Any]) -> str:
    newest = report["newest_frame_seconds"]
    seen = "no new picture yet" if newest is None else f"newest picture {duration(newest)} old"
    return f"{seen}, looks every {duration(report['interval_seconds'])}, {report['frames']} pictures so far"


def _model(report: Mapping[str, Any]) -> str:
    digest, took = report["model_sha256"], report["inference_ms"]
    words = [str(report["model_id"])]
    words += [f"sha256 {digest[:12]}"] if digest else []
    words += [f"{took:.1f} ms a picture"] if took is not None else []
    return ", ".join(words)


def _broker(broker: Mapping[str, Any]) -> str:
    reason = broker["reason"] or "connecting"
    words = [f"connected (MQTT {broker['protocol']})" if broker["connected"] else f"not connected: {reason}"]
    if broker["acknowledged_seconds"] is not None:
        words.append(f"last acknowledgement {duration(broker['acknowledged_seconds'])} ago")
    words += [f"{broker['discarded']} received messages thrown away"] if broker.get("discarded") else []
    return ", ".join(words)


def _outbox(outbox: Mapping[str, Any]) -> str:
    if outbox["error"]:
        return str(outbox["error"])
    lost = sum(outbox[name] for name in ("dropped", "expired", "dead_letter"))
    words = [f"{outbox['depth']} messages wait" if outbox["depth"] else "nothing waits"]
    if outbox["oldest_seconds"] is not None:
        words.append(f"the oldest for {duration(outbox['oldest_seconds'])}")
    words += [f"{lost} will never arrive"] if lost else []
    return ", ".join(words)


def _machine(report: Mapping[str, Any]) -> str:
    words = []
    if report["temperature_celsius"] is not None:
        words.append(f"{report['temperature_celsius']:.0f} °C")
    for name, said in (("disk_free_bytes", "of disk free"), ("memory_available_bytes", "of memory free")):
        words += [f"{size(report[name])} {said}"] if report[name] is not None else []
    words += [f"{size(report['memory_bytes'])} used by the program"] if report["memory_bytes"] is not None else []
    now = [name for name, true in (report["throttling"] or {}).items() if true]
    words += [f"firmware: {', '.join(name.replace('_', ' ') for name in now)}"] if now else []
    return ", ".join(words) or "tells nothing of itself"
