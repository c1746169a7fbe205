"""The doctor in front of real brokers, cameras that hang, models that are damaged, and a daemon that runs."""

from __future__ import annotations

import json
import threading
import uuid
from contextlib import contextmanager
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import cv2
import pytest
from click.testing import CliRunner

from insect_edge.adapters import child
from insect_edge.adapters.status_socket import StatusSocket
from insect_edge.commands import doctor
from insect_edge.composition import doctor as examinations
from insect_edge.protocols import StatusAsked
from support.certificates import make_certificates
from support.health_report import REPORT
from support.mosquitto import PASSWORD, USERNAME, BrokerOptions, free_port
from support.mosquitto import running as broker_running
from support.programs import running
from support.tcp import serving, silent
from support.trap import Trap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from insect_edge.protocols import Notice

pytestmark = pytest.mark.e2e

PATIENCE = "insect_edge.composition.broker_visit._PATIENCE_SECONDS"
Report = dict[str, tuple[str, str]]
"""Level and words of each check."""


def examined(trap: Trap, *arguments: str) -> tuple[int, Report]:
    """The exit code, and what was found."""
    outcome = CliRunner().invoke(
        doctor.command, ["--config", str(trap.configuration), "--json", *arguments], standalone_mode=False
    )
    if outcome.exception is not None:
        raise outcome.exception
    findings = json.loads(outcome.stdout)["findings"]
    return outcome.return_value, {
        found["check"]: (found["level"], f"{found['text']}: {found['remedy']}") for found in findings
    }


def broker_report(trap: Trap) -> tuple[int, Report]:
    """The way to the broker alone."""
    return examined(trap, "--only", "broker")


def test_a_trap_that_is_well_passes(tmp_path: Path) -> None:
    """As its own process: each line has its mark, and the picture is saved."""
    with broker_running(tmp_path / "broker") as broker:
        trap = Trap(tmp_path / "trap", port=broker.port)
        frame = tmp_path / "frame.png"
        command = ("doctor", "--config", str(trap.configuration), "--frame", str(frame))
        families = ("system", "service", "camera", "machine", "broker")
        with running(*command, *(word for name in families for word in ("--only", name)), folder=tmp_path) as program:
            code = program.wait()
    assert code == 0, str(program)
    marks = {line[8:24].strip(): line[:8].strip() for line in program.output if line.strip()}
    well = ("python", "picture", "disk", "connection", "login", "round trip")
    assert {marks[name] for name in well} == {"ok"}
    assert "FAILED" not in marks.values()
    assert program.output[-1].endswith("not checked")
    assert cv2.imread(str(frame)).shape == (48, 48, 3)
    assert not any("Traceback" in line for line in program.errors)


def test_nothing_compiled_is_imported_before_it_was_tried() -> None:
    """A library that kills whoever imports it does not kill the doctor."""
    compiled = {"cv2", "numpy", "ai_edge_litert", "pydantic_core", "cryptography"}
    code = f"import sys, insect_edge.commands.doctor; sys.exit(str({compiled} & set(sys.modules) or ''))"
    assert child.python("-c", code, seconds=60).last_error == ""


def test_libraries_are_imported_in_processes_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not there is told with how it is installed, and does not keep the others from being looked at."""
    all_of_them = {library.name: library for library in examinations.libraries()}
    assert list(all_of_them) == ["numpy", "opencv", "ai-edge-litert", "pydantic", "paho-mqtt"]
    absent = replace(all_of_them["pydantic"], module="no_such_module")
    monkeypatch.setattr(examinations, "libraries", lambda: (absent, all_of_them["opencv"]))
    outcome = CliRunner().invoke(doctor.command, ["--only", "libraries", "--only", "broker"], standalone_mode=False)
    assert outcome.return_value == 1
    lines = outcome.stdout.splitlines()
    assert lines[0].startswith(
        "FAILED  pydantic        is not installed (no module no_such_module): pip install pydantic"
    )
    assert lines[1].startswith("ok      opencv          4.")
    assert lines[2].startswith("-       broker")


@pytest.mark.parametrize(
    ("installed", "machine", "wanted"),
    [
        ({"ai_edge_litert", "tflite_runtime"}, "x86_64", "ai-edge-litert"),
        ({"tflite_runtime"}, "x86_64", "tflite-runtime"),
        (set(), "aarch64", "ai-edge-litert"),
        (set(), "armv7l", "tflite-runtime"),
    ],
)
def test_the_runtime_is_the_one_there_is_or_the_one_there_should_be(
    installed: set[str], machine: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 32-bit Arm has only the older one."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name if name in installed else None)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert [library.name for library in examinations.libraries()][2] == wanted


def test_an_installation_full_of_faults_is_told_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that does not return, a damaged model and a broker that is away do not hide each other."""
    monkeypatch.setattr(examinations, "CAMERA_SECONDS", 1.0)
    camera = {"source": "simulated", "files.path": None, "files.loop": None, "simulated.faults": ["stuck 0-"]}
    trap = Trap(tmp_path, port=free_port(), camera=camera)
    model = tmp_path / "model" / "model.tflite"
    model.write_bytes(model.read_bytes()[:-1] + b"!")
    chosen = ("config", "model", "camera", "broker")
    code, found = examined(trap, *(word for name in chosen for word in ("--only", name)))
    assert code == 1
    assert found["config"] == ("failure", found["model"][1])
    assert "sha256 is" in found["model"][1]
    assert "its driver does not return within 1 s" in found["picture"][1]
    assert found["name"][0] == "ok"
    assert "nobody listens there: start the broker" in found["connection"][1]
    assert "login" not in found


def test_a_sound_model_and_a_sound_configuration_are_told_as_such(tmp_path: Path) -> None:
    """By check-config itself, and by the very classifier the daemon uses."""
    code, found = examined(Trap(tmp_path, port=1), "--only", "config", "--only", "model", "--count", "3")
    assert code == 0
    assert [found[name][0] for name in ("config", "model", "inference")] == ["ok"] * 3
    assert "tiny-garden-v1, 4 labels" in found["model"][1]


def test_a_configuration_that_is_wrong_is_told_line_by_line(tmp_path: Path) -> None:
    """In the words of check-config; what needs it is not guessed at."""
    trap = Trap(tmp_path, port=1)
    trap.configuration.write_text("[polcy]\n[camera]\nrate = 0\n", encoding="utf-8")
    outcome = CliRunner().invoke(
        doctor.command,
        ["--config", str(trap.configuration), "--only", "config", "--only", "broker"],
        standalone_mode=False,
    )
    assert outcome.return_value == 1
    assert 'did you mean "policy"?' in outcome.stdout
    assert "rate = 0" in outcome.stdout
    assert "broker          the configuration cannot be read" in outcome.stdout


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_silent_refusal_is_found_out(tmp_path: Path, protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the broker's access control forbids is told, also where the broker acknowledges it as success."""
    monkeypatch.setattr(PATIENCE, 2.0)
    acl = ("topic write insect-edge/trap/availability", "topic read insect-edge/trap/#")
    with broker_running(tmp_path / "broker", BrokerOptions(acl=acl)) as broker:
        trap = Trap(tmp_path / "trap", port=broker.port, mqtt={"protocol": protocol})
        code, found = broker_report(trap)
    assert code == 1
    assert found["login"][0] == "ok"
    if protocol == "5":
        assert "refused: not authorised" in found["publish"][1]
    else:
        assert found["publish"][0] == "ok"
        assert "acknowledged and did not come back" in found["round trip"][1]
    assert "let this user read and write insect-edge/trap/#" in found["round trip"][1]


def test_who_may_write_and_not_read_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is a warning: its alerts arrive, and commands do not."""
    monkeypatch.setattr(PATIENCE, 2.0)
    acl = ("topic write insect-edge/trap/#",)
    with broker_running(tmp_path / "broker", BrokerOptions(acl=acl)) as broker:
        code, found = broker_report(Trap(tmp_path / "trap", port=broker.port))
    assert (code, found["publish"][0], found["round trip"][0]) == (0, "ok", "warning")
    assert "hears no commands" in found["round trip"][1]


def test_password_and_authority_are_told_apart(tmp_path: Path) -> None:
    """A wrong authority ends at the encryption, a wrong password at the login; right ones pass both."""
    own, foreign = make_certificates(tmp_path / "own"), make_certificates(tmp_path / "foreign")
    (tmp_path / "trap").mkdir()
    secret = tmp_path / "trap" / "password"
    secret.write_text("wrong\n", encoding="utf-8")
    secret.chmod(0o600)
    mqtt = {"host": "localhost", "username": USERNAME, "password_file": "password", "tls.enabled": True}
    with broker_running(tmp_path / "broker", BrokerOptions(certificates=own, password=True)) as broker:
        trap = Trap(tmp_path / "trap", port=broker.port, mqtt=mqtt | {"tls.ca": str(foreign.ca)})
        code, found = broker_report(trap)
        assert (code, found["connection"][0]) == (1, "ok")
        assert "unknown authority: set the CA file" in found["encryption"][1]
        assert "login" not in found
        trap.configure(mqtt={"tls.ca": str(own.ca)})
        code, found = broker_report(trap)
        assert (code, found["encryption"][0]) == (1, "ok")
        assert "a user name and password that the broker knows" in found["login"][1]
        assert "publish" not in found
        secret.write_text(f"{PASSWORD}\n", encoding="utf-8")
        code, found = broker_report(trap)
        assert (code, found["round trip"][0]) == (0, "ok")


def test_a_broker_that_cannot_be_had_is_told_by_the_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that nobody knows, and a peer that accepts and says nothing."""
    monkeypatch.setattr(PATIENCE, 0.1)
    trap = Trap(tmp_path, port=1883, mqtt={"host": "no-such-broker.invalid", "connect_timeout": 1.0})
    code, found = broker_report(trap)
    assert (code, found["name"][0]) == (1, "failure")
    assert "unknown host" in found["name"][1]
    with serving(silent) as port:
        trap.configure(mqtt={"host": "127.0.0.1", "port": port})
        code, found = broker_report(trap)
    assert (code, found["connection"][0], found["login"][0]) == (1, "ok", "failure")


@contextmanager
def daemon(device: str, report: dict[str, Any]) -> Iterator[None]:
    """A daemon that answers so."""
    inbox: SimpleQueue[Notice | None] = SimpleQueue()

    def own() -> None:
        while (notice := inbox.get()) is not None:
            if isinstance(notice, StatusAsked):
                notice.answer(json.dumps(report).encode())

    threading.Thread(target=own, daemon=True).start()
    with StatusSocket(inbox, device_id=device):  # type: ignore[arg-type] # None ends this owner
        yield
    inbox.put(None)


def test_a_daemon_that_runs_keeps_its_camera_and_its_connection(tmp_path: Path) -> None:
    """The doctor neither takes the camera nor throws the daemon off the broker; it asks the daemon."""
    device = f"test-{uuid.uuid4().hex[:12]}"
    with broker_running(tmp_path / "broker") as broker, daemon(device, REPORT):
        camera = {"source": "opencv", "files.path": None, "files.loop": None, "opencv.device": 99}
        trap = Trap(tmp_path / "trap", port=broker.port, camera=camera, device={"id": device})
        arguments = ("--only", "service", "--only", "camera", "--only", "broker", "--frame", str(tmp_path / "x.png"))
        _, found = examined(trap, *arguments)
    assert found["daemon"][0] == "warning"
    assert "clock is not set yet" in found["daemon"][1]
    assert found["picture"] == (
        "ok",
        "the daemon that runs holds the camera: newest picture 0.4 s old, 86400 so far: None",
    )
    assert "stop the service first" in found["frame"][1]
    assert "client id insect-edge-doctor-" in found["login"][1]
