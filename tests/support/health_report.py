"""The health report of a trap with some trouble, as its payload says it."""

from __future__ import annotations

from typing import Any

REPORT: dict[str, Any] = {
    "state": "degraded",
    "reasons": ["clock_unsynced", "throttled"],
    "model_id": "garden-pests-v2",
    "model_sha256": "3f" * 32,
    "frames": 86_400,
    "newest_frame_seconds": 0.4,
    "interval_seconds": 2.0,
    "inference_ms": 25.3,
    "outbox": {
        "depth": 3,
        "oldest_seconds": 200.0,
        "dropped": 1,
        "expired": 0,
        "dead_letter": 1,
        "error": None,
    },
    "broker": {"connected": True, "protocol": "5", "reason": None, "acknowledged_seconds": 12.0},
    "temperature_celsius": 81.6,
    "throttling": {"throttled": True, "under_voltage": False, "throttled_occurred": True},
    "memory_bytes": 90_000_000,
    "memory_available_bytes": 200_000_000,
    "disk_free_bytes": 12_000_000_000,
    "uptime_seconds": 200_000.0,
    "versions": {"insect-edge": "0.1.0"},
    "clock_synced": False,
    "device_id": "greenhouse-1",
}
