"""`insect-edge doctor` beside the installed service: what is wrong is one line, and the exit code says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.pi_machine import CONFIGURATION

if TYPE_CHECKING:
    from support.pi_machine import PiMachine

pytestmark = [pytest.mark.pi, pytest.mark.thorough]


def examined(machine: PiMachine, *options: str, account: str = "root") -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and the findings by what was examined."""
    done = machine.ask("runuser", "-u", account, "--", "insect-edge", "doctor", "--json", "--count", "3", *options)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, {finding["check"]: finding for finding in json.loads(done.stdout)["findings"]}


def test_all_is_well_where_it_is(ready: PiMachine) -> None:
    """Beside a service that is ready nothing fails, and what is said fits."""
    code, found = examined(ready)
    assert {name for name, finding in found.items() if finding["level"] == "failure"} == set()
    assert code == 0
    assert found["service"]["level"] == found["model"]["level"] == found["round trip"]["level"] == "ok"


@pytest.mark.parametrize("account", ["root", "insect-edge", "nobody"])
def test_a_wrong_password_is_found_by_who_may_read_it(ready: PiMachine, account: str) -> None:
    """Root and the service's user hear that the broker refuses it; another one is told to use sudo."""
    with ready.secured_broker():
        ready.give_password("a wrong one")
        ready.restart()
        code, found = examined(ready, "--only", "broker", account=account)
        login = found["login"]
        assert "a wrong one" not in json.dumps(found)
        if account == "nobody":
            assert (code, login["level"]) == (0, "skipped")
            assert "sudo insect-edge doctor" in login["text"]
        else:
            assert (code, login["level"]) == (1, "failure")
            assert "set a user name and password that the broker knows" in login["text"]


@pytest.mark.parametrize(
    ("camera", "says"),
    [
        ('source = "opencv"', {"devices": "/dev/video0: no such device", "picture": "/dev/video0"}),
        ('source = "picamera2"', {"devices": "no camera hardware known to the kernel", "picture": "picamera2"}),
    ],
    ids=["usb", "board"],
)
def test_a_missing_camera_is_found_by_the_services_user(ready: PiMachine, camera: str, says: dict[str, str]) -> None:
    """No device file, no picture: each is one line in words, and the exit code 1."""
    ready.configure(CONFIGURATION.replace('source = "simulated"', camera))
    ready.run("systemctl", "stop", "insect-edge.service")
    code, found = examined(ready, "--only", "camera", account="insect-edge")
    assert code == 1
    for name, words in says.items():
        assert found[name]["level"] == "failure"
        assert words in found[name]["text"]
        assert "\n" not in found[name]["text"]
