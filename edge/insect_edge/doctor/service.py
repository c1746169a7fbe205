"""The service: installed, enabled, running and well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from insect_edge.doctor.findings import Finding, failure, good, skipped, warning
from insect_edge.health.words import sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

UNIT = "insect-edge.service"
_STATE = ("LoadState", "UnitFileState", "ActiveState", "SubState", "Result", "NRestarts", "ExecMainStatus")
PROPERTIES = (*_STATE, "User", "SupplementaryGroups", "StateDirectory")
"""What `systemctl show` is asked for."""
_CONFIG_STATUS = "78"
_READ_LOG = f"read why: journalctl -u {UNIT} -n 50"


def properties(text: str) -> dict[str, str]:
    """The answer of `systemctl show`."""
    pairs = (line.partition("=") for line in text.splitlines())
    return {name: value for name, separator, value in pairs if separator}


def credentials(text: str) -> dict[str, str]:
    """Name and source of every credential that a unit's file and its drop-ins load.

    `systemctl show` cannot print them, so they are read as systemd reads them: a setting without a value takes back
    those before it.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        setting, separator, value = line.strip().partition("=")
        if setting.strip() != "LoadCredential" or not separator:
            continue
        name, _, source = value.strip().partition(":")
        if not name:
            found.clear()
        elif source:
            found[name] = source
    return found


def judge_service(shown: Mapping[str, str] | None) -> Finding:
    """What systemd says of the unit; None where there is no systemd."""
    if shown is None:
        return skipped("service", "systemd does not run this machine")
    load, enabled, active = (shown.get(name, "") for name in ("LoadState", "UnitFileState", "ActiveState"))
    facts = {name: shown.get(name, "") for name in _STATE}
    if load != "loaded":
        what = f"{UNIT} is not installed" if load in {"", "not-found"} else f"{UNIT} is {load}"
        return warning("service", what, "install it with deploy/install.sh; nothing watches by itself", **facts)
    if active == "failed" or (active == "activating" and shown.get("SubState") == "auto-restart"):
        return _failed(shown, facts)
    if active not in {"active", "activating"}:
        return warning("service", f"{active or 'not running'}", f"start it: systemctl start {UNIT}", **facts)
    if enabled not in {"enabled", "enabled-runtime", "static", "linked", "generated"}:
        remedy = f"systemctl enable {UNIT}"
        return warning(
            "service", f"{active}, but {enabled or 'not enabled'}: it does not start with the board", remedy, **facts
        )
    restarts = shown.get("NRestarts", "0")
    text = f"{active}, {enabled}" + (f", restarted {restarts} times" if restarts not in {"", "0"} else "")
    return good("service", text, **facts)


def _failed(shown: Mapping[str, str], facts: Mapping[str, str]) -> Finding:
    status, result = shown.get("ExecMainStatus", ""), shown.get("Result", "")
    if status == _CONFIG_STATUS:
        remedy = f"correct it (insect-edge check-config FILE), then: systemctl restart {UNIT}"
        return failure("service", "stopped for its configuration (exit code 78)", remedy, **facts)
    what = {
        "watchdog": "the watchdog ended it: it hung",
        "oom-kill": "the kernel ended it: memory ran out",
        "signal": "it was killed or crashed",
        "start-limit-hit": "it failed too often in a row",
        "timeout": "it was not ready in time",
    }.get(result, f"it failed ({result or 'no reason given'}, exit code {status or '?'})")
    return failure("service", what, _READ_LOG, **facts)


def judge_daemon(report: Mapping[str, Any] | None, error: str | None, *, active: bool) -> Finding:
    """What the daemon says of itself.

    Args:
        report: its health report; None where none answers.
        error: why it does not answer.
        active: whether systemd has it running.
    """
    if report is None:
        if active:
            return failure("daemon", error or "it does not answer", f"systemctl restart {UNIT}")
        return skipped("daemon", "none of this device runs")
    said = sentence(str(report["state"]), report["reasons"])
    facts = {"state": report["state"], "reasons": list(report["reasons"])}
    if report["state"] in {"ready", "starting"}:
        return good("daemon", said, **facts)
    judge = failure if report["state"] == "failed" else warning
    return judge("daemon", said, "insect-edge status tells more", **facts)
