"""What systemd and the daemon say of the service."""

from __future__ import annotations

from pathlib import Path

import pytest

from insect_edge.doctor.findings import Level
from insect_edge.doctor.service import credentials, judge_daemon, judge_service, properties

ROOT = Path(__file__).parents[3]
RUNNING = {
    "LoadState": "loaded",
    "UnitFileState": "enabled",
    "ActiveState": "active",
    "SubState": "running",
    "NRestarts": "0",
}


def test_properties_are_read_as_systemctl_prints_them() -> None:
    """A value may have an equals sign in it."""
    assert properties("LoadState=loaded\nResult=a=b\nnonsense\n") == {"LoadState": "loaded", "Result": "a=b"}


def test_credentials_are_read_from_the_unit_and_its_drop_ins() -> None:
    """As systemd reads them: an empty setting takes back what was before it, and a remark is none."""
    lines = ["# LoadCredential=x:y", "LoadCredential=old:/o", "LoadCredential="]
    lines += [" LoadCredential = key:/etc/a:b", "LoadCredential=c", "[Service]"]
    assert credentials("\n".join(lines)) == {"key": "/etc/a:b"}
    assert credentials((ROOT / "deploy" / "insect-edge.service").read_text(encoding="utf-8")) == {
        name: f"insect-edge.{name}" for name in ("mqtt-password", "mqtt-ca", "mqtt-certificate", "mqtt-key")
    }


@pytest.mark.parametrize(
    ("changes", "level", "says"),
    [
        ({}, Level.OK, "active, enabled"),
        ({"NRestarts": "3"}, Level.OK, "restarted 3 times"),
        ({"LoadState": "not-found"}, Level.WARNING, "is not installed"),
        ({"LoadState": "masked"}, Level.WARNING, "is masked"),
        ({"UnitFileState": "disabled"}, Level.WARNING, "does not start with the board"),
        ({"ActiveState": "inactive"}, Level.WARNING, "systemctl start"),
        ({"ActiveState": "activating", "SubState": "start"}, Level.OK, "activating"),
        (
            {"ActiveState": "activating", "SubState": "auto-restart", "Result": "watchdog"},
            Level.FAILURE,
            "the watchdog ended it",
        ),
        ({"ActiveState": "failed", "ExecMainStatus": "78"}, Level.FAILURE, "check-config"),
        ({"ActiveState": "failed", "Result": "oom-kill"}, Level.FAILURE, "memory ran out"),
        ({"ActiveState": "failed", "Result": "exit-code", "ExecMainStatus": "1"}, Level.FAILURE, "exit code 1"),
    ],
)
def test_the_unit_is_judged(changes: dict[str, str], level: Level, says: str) -> None:
    """A unit that fails is a failure, one that is not there or does not start is a warning."""
    finding = judge_service(RUNNING | changes)
    assert finding.level is level
    assert says in f"{finding.text}: {finding.remedy}"


def test_without_systemd_there_is_no_service() -> None:
    """A container is not accused of it."""
    assert judge_service(None).level is Level.SKIPPED


@pytest.mark.parametrize(
    ("state", "level"),
    [
        ("ready", Level.OK),
        ("starting", Level.OK),
        ("degraded", Level.WARNING),
        ("stopping", Level.WARNING),
        ("failed", Level.FAILURE),
    ],
)
def test_the_daemon_is_believed(state: str, level: Level) -> None:
    """Its own health report decides."""
    finding = judge_daemon({"state": state, "reasons": ["quiet"]}, None, active=True)
    assert finding.level is level
    assert "no insect for a day (quiet)" in finding.text


def test_a_daemon_that_does_not_answer_hangs() -> None:
    """Active without an answer is a failure; none at all is none."""
    finding = judge_daemon(None, "trap: the daemon runs but does not answer", active=True)
    assert finding.level is Level.FAILURE
    assert judge_daemon(None, None, active=True).level is Level.FAILURE
    assert judge_daemon(None, None, active=False).level is Level.SKIPPED
