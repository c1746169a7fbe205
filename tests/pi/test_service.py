"""The service on a real systemd: it gets ready, comes back, reloads, keeps secrets and ends in order."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from support.pi_machine import CONFIGURATION, TOPICS, UNIT

if TYPE_CHECKING:
    from support.pi_machine import PiMachine

pytestmark = pytest.mark.pi

MOST_EXPOSED = 1.7
STOP_SECONDS = 5.0


def test_it_gets_ready_as_its_own_user(ready: PiMachine, facts: dict[str, str]) -> None:
    """Started by systemd it reports READY and runs without any right beyond group video."""
    before = time.monotonic()
    ready.restart()
    facts["start to READY"] = f"{time.monotonic() - before:.1f} s"
    status = ready.run("cat", f"/proc/{ready.show('MainPID')}/status")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    account, group, video = (
        ready.run("id", *of) for of in (("-u", "insect-edge"), ("-g", "insect-edge"), ("-G", "insect-edge"))
    )
    assert fields["Uid"].split() == [account] * 4
    assert fields["Gid"].split() == [group] * 4
    assert set(fields["Groups"].split()) <= set(video.split())
    assert (fields["NoNewPrivs"].strip(), fields["Seccomp"].strip()) == ("1", "2")
    assert int(fields["CapBnd"], 16) == 0
    facts["memory (resident)"] = f"{int(fields['VmRSS'].split()[0]) / 1024:.0f} MiB"


def test_systemd_takes_every_line_of_the_unit(ready: PiMachine, facts: dict[str, str]) -> None:
    """There is no setting this systemd does not know, and what it makes of them leaves little exposed."""
    complaints = ready.ask("journalctl", "--grep", "insect-edge.*(Unknown|ignoring|deprecated)", "--no-pager").stdout
    assert "insect-edge" not in complaints
    verdict = ready.run("systemd-analyze", "security", "--no-pager", UNIT).splitlines()[-1]
    found = re.search(r"(\d+\.\d+)", verdict)
    assert found, verdict
    facts["systemd-analyze security"] = found[1]
    assert float(found[1]) <= MOST_EXPOSED


def test_alerts_arrive_and_are_found_in_the_journal(ready: PiMachine) -> None:
    """The trap says over MQTT that it sees a slug, and `journalctl INSECT_LABEL=slug` finds each line once."""
    ready.restart()
    (alert,) = ready.subscribe(f"{TOPICS}/alert/slug")
    event_id = alert["event_id"]
    ready.container.wait_until("it is in the journal", lambda: bool(ready.journal(f"EVENT_ID={event_id}")))
    told = [line for line in ready.journal("INSECT_LABEL=slug") if line["EVENT_ID"] == event_id]
    words = [line["MESSAGE"] for line in told]
    assert sorted(words) == sorted(set(words))
    (line,) = (line for line in told if line["MESSAGE"].startswith("alert: "))
    assert (line["PRIORITY"], line["SYSLOG_IDENTIFIER"]) == ("4", "insect-edge")
    assert float(line["INSECT_SCORE"]) == pytest.approx(alert["score"], abs=1e-3)


@pytest.mark.thorough
def test_a_killed_daemon_comes_back(ready: PiMachine, facts: dict[str, str]) -> None:
    """After SIGKILL systemd starts it again, and it gets ready."""
    before, restarts = ready.show("MainPID"), int(ready.show("NRestarts"))
    began = time.monotonic()
    ready.run("systemctl", "kill", "--signal=KILL", UNIT)
    ready.container.wait_until("it runs again", lambda: ready.replaced(before))
    facts["SIGKILL to READY again"] = f"{time.monotonic() - began:.0f} s"
    assert int(ready.show("NRestarts")) == restarts + 1
    ready.wait_until_ready()


@pytest.mark.thorough
def test_a_hanging_daemon_is_restarted_by_the_watchdog(ready: PiMachine) -> None:
    """A process that does nothing any more is ended after WatchdogSec and started again."""
    assert ready.show("WatchdogUSec") == "1min 30s"
    override = "/etc/systemd/system/insect-edge.service.d/watchdog.conf"
    ready.write(override, "[Service]\nWatchdogSec=8\n")
    ready.run("systemctl", "daemon-reload")
    try:
        ready.restart()
        before = ready.show("MainPID")
        ready.run("systemctl", "kill", "--signal=STOP", UNIT)
        ready.container.wait_until("it runs again", lambda: ready.replaced(before))
        assert ready.says("Watchdog timeout")
    finally:
        ready.run("rm", override)
        ready.run("systemctl", "daemon-reload")


@pytest.mark.thorough
def test_a_bad_configuration_is_not_tried_again(ready: PiMachine) -> None:
    """It ends with 78 and a line that says what is wrong, and stays ended."""
    ready.configure(CONFIGURATION.replace("rate = 2.0", "rate = 2.0\nfliash = true"))
    assert ready.ask("systemctl", "restart", UNIT).returncode != 0
    time.sleep(15)  # longer than RestartSec=
    assert (ready.show("ActiveState"), ready.show("ExecMainStatus"), ready.show("NRestarts")) == ("failed", "78", "0")
    assert ready.says("[camera] fliash = true: unknown key")


@pytest.mark.thorough
def test_a_wrong_password_is_said(ready: PiMachine) -> None:
    """With the wrong credential it works on and says why alerts wait; with the right one all is well."""
    with ready.secured_broker():
        ready.give_password("wrong")
        ready.restart()
        ready.container.wait_until(
            "it says why", lambda: "broker_down" in ready.status() and "password" in ready.status()
        )
        ready.give_password("right")
        ready.restart()
        ready.wait_until_ready()
        assert not ready.says("right\n")


def test_a_reload_applies_or_keeps(ready: PiMachine) -> None:
    """`systemctl reload` takes a new configuration over in the same process, and keeps the old one if it is wrong."""
    before = ready.show("MainPID")
    ready.configure(CONFIGURATION.replace("cooldown = 5.0", "cooldown = 6.0"))
    ready.run("systemctl", "reload", UNIT)
    ready.container.wait_until("it is reloaded", lambda: ready.says("configuration reloaded: [policy] cooldown"))
    ready.configure(CONFIGURATION.replace("cooldown = 5.0", "cooldown = -6.0"))
    ready.ask("systemctl", "reload", UNIT)
    ready.container.wait_until("it refuses", lambda: "configuration not reloaded" in ready.status())
    assert ready.show("MainPID") == before
    assert ready.active()


def test_a_stop_ends_what_is_open(ready: PiMachine, facts: dict[str, str]) -> None:
    """A stop takes less than 5 seconds, ends the open event and leaves `offline` behind."""
    ready.restart()
    ready.subscribe(f"{TOPICS}/alert/slug")
    began = time.monotonic()
    ready.run("systemctl", "stop", UNIT)
    took = time.monotonic() - began
    facts["stop"] = f"{took:.1f} s"
    assert took <= STOP_SECONDS
    assert (ready.show("Result"), ready.show("ExecMainStatus")) == ("success", "0")
    last = [line["MESSAGE"] for line in ready.journal()][-8:]
    assert any(line.startswith("event end: slug") for line in last)
    command = ["mosquitto_sub", "-h", "localhost", "-t", f"{TOPICS}/availability", "-C", "1", "-W", "5"]
    assert ready.run(*command) == "offline"
