"""What people try first and what they look at later: `insect-edge demo` and `insect-edge watch`."""

from __future__ import annotations

import importlib.util
import re
import signal
from typing import TYPE_CHECKING

import pytest

from support import programs
from support.mosquitto import PASSWORD, USERNAME, BrokerOptions, make_certificates, running
from support.trap import HELPER, PEST, Trap

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

SUMMARY = re.compile(r"(\d+) frames, (\d+) events?, (\d+) alerts? \((.+)\)")


@pytest.fixture
def _embedded_broker() -> None:
    if importlib.util.find_spec("amqtt") is None:
        pytest.skip("amqtt is not installed: pip install 'insect-edge[demo]'")


def assert_summed_up(demo: programs.Program) -> None:
    """The last lines count what was seen, of which there was something, and nobody is left behind."""
    summary = next(found for line in demo.output if (found := SUMMARY.fullmatch(line)))
    frames, events, alerts = (int(number) for number in summary.groups()[:3])
    assert frames >= events >= alerts >= 1
    assert summary[4] in {line.split()[3] for line in demo.output if "ALERT" in line} or "," in summary[4]
    assert re.match(r"frame captured to alert received: median \d+ ms", demo.output[-1])
    assert not demo.processes()


@pytest.mark.usefixtures("_embedded_broker")
def test_the_demo_shows_alerts_and_sums_up(tmp_path: Path) -> None:
    """For as long as it was asked to, it prints what arrives, and ends by itself with a summary and a 0."""
    with programs.running("demo", "--seconds", "15", folder=tmp_path) as demo:
        assert demo.wait() == 0
        assert_summed_up(demo)
    assert demo.errors == []
    assert "broker on 127.0.0.1:" in demo.output[0]
    assert any(line.endswith("  demo  online") for line in demo.output)
    assert any(line.endswith("  demo  offline") for line in demo.output)


@pytest.mark.usefixtures("_embedded_broker")
def test_ctrl_c_ends_the_demo_in_order(tmp_path: Path) -> None:
    """A terminal tells everybody at once; the daemon still ends its events, and the summary comes."""
    with programs.running("demo", "--seconds", "60", folder=tmp_path) as demo:
        demo.wait_for_line("detection")
        assert len(demo.processes()) == 2
        demo.send_to_group(signal.SIGINT)
        assert demo.wait() == 0
        assert_summed_up(demo)
    assert any("  demo  detection " in line and " end, " in line for line in demo.output)
    assert demo.errors == []


def test_watch_prints_what_a_device_tells(tmp_path: Path) -> None:
    """Alerts, detections and the device's state come as lines, until Ctrl-C ends it with a 0."""
    with running(tmp_path / "broker") as broker:
        trap = Trap(tmp_path / "trap", port=broker.port)
        arguments = ("watch", "--host", "127.0.0.1", "--port", str(broker.port))
        with programs.running(*arguments, folder=tmp_path) as watch:
            watch.wait_for_line("connected (MQTT 5)")
            with trap.running() as daemon:
                watch.wait_for_line(f"trap  ALERT      {PEST} ")
                watch.wait_for_line(f"trap  detection  {HELPER} ")
                assert daemon.stop() == 0
            watch.wait_for_line("trap  offline")
            assert watch.stop(signal.SIGINT) == 0
            assert not watch.processes()
    assert watch.wait_for_line("trap  online")
    # Degraded where nobody knows whether this machine's clock is set.
    assert any(re.search(r"trap  health     (ready|degraded)", line) for line in watch.output)
    assert not any("\x1b" in line for line in watch.output)
    assert not any("Traceback" in line for line in watch.errors)


def test_watch_gets_into_a_guarded_broker(tmp_path: Path) -> None:
    """With a password over TLS it sees one topic, and only that."""
    certificates = make_certificates(tmp_path / "certificates")
    (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    with running(tmp_path / "broker", BrokerOptions(password=True, certificates=certificates)) as broker:
        arguments = ["watch", "--port", str(broker.port), "--ca", str(certificates.ca)]
        arguments += ["--username", USERNAME, "--password-file", "password", "--topic", "insect-edge/+/availability"]
        with programs.running(*arguments, folder=tmp_path) as watch:
            watch.wait_for_line("connected")
            broker.publish("insect-edge/other/health", "{}")
            broker.publish("insect-edge/other/availability", "online")
            watch.wait_for_line("other  online")
            assert watch.stop(signal.SIGINT) == 0
    assert len(watch.output) == 1


def test_watch_says_who_does_not_let_it_in(tmp_path: Path) -> None:
    """A refusal is one line with a remedy, and exit code 1."""
    with (
        running(tmp_path / "broker", BrokerOptions(password=True)) as broker,
        programs.running("watch", "--host", "127.0.0.1", "--port", str(broker.port), folder=tmp_path) as watch,
    ):
        assert watch.wait() == 1
    assert watch.errors[-1].startswith("insect-edge: 127.0.0.1: not authorised: ")
