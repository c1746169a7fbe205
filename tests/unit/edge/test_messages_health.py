from __future__ import annotations

from typing import Any

from insect_edge.health.report import Board, BrokerStatus, HealthReport, Losses, OutboxStatus, State, Throttling
from insect_edge.mqtt import messages
from support.payloads import TOPICS, decoded, moment, validator

BOARD = Board(
    temperature_celsius=61.25,
    throttling=Throttling(under_voltage=True),
    memory_bytes=100_000_000,
    memory_available_bytes=200_000_000,
    disk_free_bytes=300_000_000,
)


def report(**changes: Any) -> HealthReport:
    """A daemon about which little is known yet."""
    facts: dict[str, Any] = {
        "state": State.STARTING,
        "reasons": ("quiet", "broker_down", "quiet"),
        "model_id": None,
        "model_sha256": None,
        "newest_frame_seconds": None,
        "interval_seconds": 1.0,
        "acknowledged_seconds": None,
        "board": Board(),
        "frames": 0,
        "frames_per_second": None,
        "latency_ms": None,
        "inference_ms": None,
        "outbox": OutboxStatus(),
        "broker": BrokerStatus(),
        "clock_synced": False,
        "versions": {},
        "uptime_seconds": 0.0,
        "expires_seconds": 120.0,
    }
    return HealthReport(**{**facts, **changes})


def test_health_is_valid_when_nothing_is_known() -> None:
    """Every unknown is null; reasons are sorted, each once."""
    made = messages.health(report(), topics=TOPICS, at=moment(synced=False), boot_id="b-1")
    assert (made.topic, made.qos, made.retain) == (TOPICS.health, 1, True)
    payload = decoded(made.payload)
    validator("health").validate(payload)
    assert payload["reasons"] == ["broker_down", "quiet"]
    assert payload["at"] is None


def test_health_is_valid_when_everything_is_known() -> None:
    """Counts of losses, the connection and the versions are all there."""
    full = report(
        state=State.DEGRADED,
        model_id="m",
        frames_per_second=0.987654,
        latency_ms=30.0,
        inference_ms=25.0,
        outbox=OutboxStatus(
            alerts=1, detections=2, size_bytes=3, oldest_seconds=4.0, losses=Losses(dropped=5, expired=6, dead_letter=7)
        ),
        broker=BrokerStatus(
            connected=True,
            protocol="5",
            refusals_visible=True,
            in_flight=1,
            last_acknowledged=9.0,
            storage_error="full",
        ),
        model_sha256="0f" * 32,
        newest_frame_seconds=0.44,
        acknowledged_seconds=12.0,
        board=BOARD,
        clock_synced=True,
        versions={"python": "3.11.7", "insect-edge": "0.1.0"},
    )
    payload = decoded(messages.health(full, topics=TOPICS, at=moment(), boot_id="b-1").payload)
    validator("health").validate(payload)
    assert (payload["outbox"]["depth"], payload["outbox"]["dropped"]) == (3, 5)
    assert payload["outbox"]["error"] == "full"
    assert payload["broker"]["connected"]
    assert (payload["newest_frame_seconds"], payload["broker"]["acknowledged_seconds"]) == (0.4, 12.0)
    assert payload["throttling"]["under_voltage"]
    assert payload["disk_free_bytes"] == 300_000_000
    assert list(payload["versions"]) == ["insect-edge", "python"]
