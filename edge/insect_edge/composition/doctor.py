"""The examinations of `insect-edge doctor`, in the order in which one thing rests on another.

Nothing compiled is imported into this process before a child process has survived it.
"""

from __future__ import annotations

import importlib.util
import platform
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from insect_edge.adapters import child, machine
from insect_edge.adapters.worker import HungError, Worker
from insect_edge.composition.trial import FIRST_FRAME_SECONDS, MODULE, device_file, needs_device
from insect_edge.doctor.findings import Finding, Level, failure, good, skipped, warning
from insect_edge.doctor.libraries import Library, judge_import, why_it_ended
from insect_edge.errors import EXIT_CONFIG, InsectEdgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from insect_edge.config.sections import Config

INSTALLED_CONFIGURATION = Path("/etc/insect-edge/insect-edge.toml")
CHILD_SECONDS = 60.0
"""A Pi Zero takes some ten seconds to import everything, and more with a slow card."""
CAMERA_SECONDS = 20.0 + FIRST_FRAME_SECONDS + 25.0
"""To open the slowest camera, see a first picture and some more, and let it go."""
_ARM_32 = ("armv6l", "armv7l")
_PIP = "pip install {} with the constraints file of this release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of the doctor.

    Attributes:
        config: the configuration file; None for the defaults.
        frame: where to save the camera's picture; None for nowhere.
        count: inferences to measure.
        only: families of checks to make; empty for all.
    """

    config: Path | None
    frame: Path | None = None
    count: int = 20
    only: tuple[str, ...] = ()


class Doctor:
    """Examines one installation."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._path = "" if request.config is None else str(request.config)
        self._config: Config | None = None
        self._report: dict[str, Any] | None = None
        self._silence: str | None = None
        self._compiled_well = True

    @property
    def families(self) -> dict[str, tuple[float, Callable[[], Iterable[Finding]]]]:
        """Every family of checks with the seconds it may take at most, in their order."""
        return {
            "system": (10.0, self._system),
            "libraries": (7 * CHILD_SECONDS, self._libraries),
            "config": (CHILD_SECONDS + 30, self._configuration),
            "service": (30.0, self._service),
            "model": (CHILD_SECONDS + 10, self._model),
            "camera": (CAMERA_SECONDS + 10, self._camera),
            "machine": (30.0, self._machine),
            "broker": (180.0, self._broker),
        }

    def findings(self) -> Iterator[Finding]:
        """Examine, and tell each finding as it comes."""
        with ExitStack() as stack:
            stack.enter_context(machine.surroundings_of(self._unit))
            for name, (seconds, examine) in self.families.items():
                if not self._request.only or name in self._request.only:
                    yield from _bounded(name, examine, seconds=seconds)
                elif name in {"config", "service"}:
                    # The others need what these find out, if not what they say.
                    _bounded(name, self._load if name == "config" else self._ask, seconds=seconds)

    @cached_property
    def _unit(self) -> dict[str, str] | None:
        return machine.unit()

    def _system(self) -> Sequence[Finding]:
        from insect_edge.doctor.system import judge_system  # noqa: PLC0415 # each family brings its own

        return judge_system(machine.system())

    def _libraries(self) -> Sequence[Finding]:
        found = []
        for library in libraries():
            attempt = child.python("-m", MODULE, "import", library.module, seconds=CHILD_SECONDS)
            found.append(judge_import(library, attempt))
        bad = {finding.check for finding in found if finding.level is Level.FAILURE}
        self._compiled_well = not bad & {"pydantic", "paho-mqtt"}
        return found

    def _configuration(self) -> Sequence[Finding]:
        """By `check-config` itself."""
        if not self._compiled_well:
            return [skipped("config", "a library it is read with cannot be imported")]
        self._load()
        if self._request.config is None:
            remedy = f"name it with --config; a service's is {INSTALLED_CONFIGURATION}"
            return [warning("config", "no configuration file: every key has its default", remedy)]
        attempt = child.python("-m", "insect_edge", "check-config", self._path, seconds=CHILD_SECONDS)
        if attempt.code == 0:
            return [good("config", f"{self._path} is valid", path=self._path)]
        problems = [line.removeprefix("insect-edge: ") for line in attempt.errors.splitlines() if line.strip()]
        if attempt.code == EXIT_CONFIG:
            return [failure("config", problem, None, path=self._path) for problem in problems]
        text, remedy = why_it_ended(attempt, advice="see the lines of the model and the libraries")
        return [failure("config", f"{self._path}: {text}", remedy, path=self._path)]

    def _load(self) -> Sequence[Finding]:
        if not self._compiled_well:
            return []
        from insect_edge.config.file import load_config  # noqa: PLC0415 # pydantic: only once a child has survived it
        from insect_edge.config.sections import Config as Defaults  # noqa: PLC0415 # the same

        self._config = load_config(self._request.config) if self._request.config else Defaults()
        return []

    def _ask(self) -> Sequence[Finding]:
        """Whether a daemon of this device runs, and how it is."""
        from insect_edge.adapters.status_socket import running_report  # noqa: PLC0415 # as above
        from insect_edge.identity import device_id  # noqa: PLC0415

        configured = self._config.device.id if self._config is not None else None
        self._report, self._silence = running_report(configured or device_id())
        return []

    def _service(self) -> Sequence[Finding]:
        from insect_edge.doctor.service import judge_daemon, judge_service  # noqa: PLC0415 # as above

        self._ask()
        active = self._unit is not None and self._unit.get("ActiveState") == "active"
        found = [judge_service(self._unit), judge_daemon(self._report, self._silence, active=active)]
        if machine.hides_from_us(self._unit):
            found.append(skipped("rights", "this user does not see the service's state and secrets: use sudo"))
        return found

    def _model(self) -> Sequence[Finding]:
        from insect_edge.doctor.model import judge_model  # noqa: PLC0415 # as above

        if self._config is None:
            return [_without_configuration("model")]
        count = str(self._request.count)
        attempt = child.python("-m", MODULE, "model", self._path, count, seconds=CHILD_SECONDS)
        return judge_model(attempt, child.answer_of(attempt), rate=self._config.camera.rate)

    def _camera(self) -> Sequence[Finding]:
        from insect_edge.doctor import camera  # noqa: PLC0415 # as above

        if self._config is None:
            return [_without_configuration("camera")]
        source, named = needs_device(self._config), device_file(self._config)
        shown = self._unit or {}
        person = machine.person(shown.get("User", ""), further_groups=shown.get("SupplementaryGroups", ""))
        only = None if named is None else str(named)
        found = [camera.judge_devices(source, machine.devices(), person=person, only=only)]
        if self._report is not None and source in camera.FAMILIES:
            return [*found, camera.judge_held(self._report), *_no_picture(self._request.frame)]
        save_as = "" if self._request.frame is None else str(self._request.frame)
        attempt = child.python("-m", MODULE, "camera", self._path, save_as, seconds=CAMERA_SECONDS)
        return [*found, *camera.judge_picture(attempt, child.answer_of(attempt))]

    def _machine(self) -> Sequence[Finding]:
        from insect_edge.adapters.board import BoardProbe  # noqa: PLC0415 # as above
        from insect_edge.adapters.clock import clock_synced  # noqa: PLC0415
        from insect_edge.composition.folders import outbox_folder, state_folder  # noqa: PLC0415
        from insect_edge.doctor import machine as judge  # noqa: PLC0415

        folder = state_folder() if self._config is None else outbox_folder(self._config)
        board = BoardProbe(folder).settled()
        return [
            judge.judge_clock(synced=clock_synced()),
            judge.judge_disk(machine.disk(folder)),
            judge.judge_heat(board),
            judge.judge_supply(board),
        ]

    def _broker(self) -> Iterable[Finding]:
        from insect_edge.composition.broker_visit import examine  # noqa: PLC0415 # as above

        if self._config is None or not self._compiled_well:
            return [_without_configuration("broker")]
        runs, hidden = self._report is not None or self._silence is not None, machine.hides_from_us(self._unit)
        return examine(self._config, daemon_runs=runs, secrets_hidden=hidden)


def libraries() -> tuple[Library, ...]:
    """What this program needs that comes compiled."""
    older = importlib.util.find_spec("ai_edge_litert") is None and (
        importlib.util.find_spec("tflite_runtime") is not None or platform.machine() in _ARM_32
    )
    runtime = ("tflite-runtime", "tflite_runtime") if older else ("ai-edge-litert", "ai_edge_litert")
    modules = {
        "numpy": "numpy",
        "opencv": "cv2",
        runtime[0]: f"{runtime[1]}.interpreter",
        "pydantic": "pydantic",
        "paho-mqtt": "paho.mqtt.client",
    }
    packages = {"opencv": "opencv-python-headless"}
    return tuple(
        Library(name=name, module=module, advice=_PIP.format(packages.get(name, name)))
        for name, module in modules.items()
    )


def _bounded(name: str, examine: Callable[[], Iterable[Finding]], *, seconds: float) -> Sequence[Finding]:
    """What one family of checks finds; nothing it does can end or hold up the others."""
    worker = Worker(name=f"doctor-{name}")
    found: list[Finding] = []
    try:
        worker.run(lambda: found.extend(examine()), timeout=seconds)
    except HungError:
        what = f"not examined to the end within {seconds:g} s"
        return [*found, failure(name, what, "something hangs: restart the machine")]
    except InsectEdgeError as error:
        return [*found, *(failure(name, line, None) for line in str(error).splitlines())]
    except Exception as error:  # noqa: BLE001 # the others must still be heard
        return [*found, failure(name, f"{type(error).__name__}: {error}", "report it with the output of --json")]
    finally:
        worker.stop()
    return found


def _without_configuration(check: str) -> Finding:
    return skipped(check, "the configuration cannot be read")


def _no_picture(frame: Path | None) -> list[Finding]:
    if frame is None:
        return []
    remedy = "stop the service first, or take one with the command capture over MQTT"
    return [failure("frame", f"{frame}: no picture was saved, for the daemon holds the camera", remedy)]


def standard_configuration() -> Path | None:
    """The service's configuration file where there is one."""
    return INSTALLED_CONFIGURATION if INSTALLED_CONFIGURATION.exists() else None
