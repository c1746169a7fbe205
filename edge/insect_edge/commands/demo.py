"""`insect-edge demo`: the whole product on one machine, without a camera or a broker."""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

import click

from insect_edge.adapters.amqtt_broker import EmbeddedBroker
from insect_edge.commands.watch import make_subscription
from insect_edge.errors import EXIT_OK, InsectEdgeError
from insect_edge.mqtt.broker_settings import BrokerSettings
from insect_edge.mqtt.reading import line, read
from insect_edge.signals import captured_signals

if TYPE_CHECKING:
    from insect_edge.mqtt.subscription import Subscription
    from insect_edge.protocols import Notice, Received

_STOP_SECONDS = 5.0
_CONFIGURATION = """\
[device]
id = "demo"

[camera]
source = "simulated"
rate = 5

{scene}
{seed}

[mqtt]
host = "127.0.0.1"
port = {port}
protocol = "3.1.1"

[outbox]
directory = "outbox"

[health]
interval = 10

[log]
level = "error"
"""

_CLOSE = """\
[policy]
end_after = 3
cooldown = 5

[camera.simulated]
scene = "busy"
"""
"""One animal after the other, each filling the view."""
_WIDE = """\
[regions]
mode = "auto"

[camera.simulated]
scene = "bed"
"""
"""Small animals in a wide frame, each followed by itself."""


@dataclass(slots=True)
class Tally:
    """What the subscriber saw."""

    events: set[str] = field(default_factory=set)
    alerts: list[str] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    frames: int = 0

    def take(self, message: Received) -> None:
        """Print one message and count it."""
        reading = read(message.topic, message.payload)
        if reading is None:
            return
        arrived = datetime.now(UTC)
        click.echo(line(reading, arrived=arrived, colored=sys.stdout.isatty()))
        content = reading.content
        if reading.kind == "detection":
            self.events.add(content["event_id"])
        elif reading.kind == "health":
            self.frames = content["frames"]
        elif reading.kind == "alert":
            self.alerts.append(content["label"])
            captured = datetime.fromisoformat(content["at"]) if content["at"] else None
            if captured is not None:
                self.latencies_ms.append((arrived - captured).total_seconds() * 1e3)

    def summary(self) -> str:
        """What it came to."""
        said = ", ".join(dict.fromkeys(self.alerts)) or "none"
        events, alerts = _counted(len(self.events), "event"), _counted(len(self.alerts), "alert")
        lines = [f"{self.frames} frames, {events}, {alerts} ({said})"]
        if self.latencies_ms:
            middle, longest = statistics.median(self.latencies_ms), max(self.latencies_ms)
            lines.append(f"frame captured to alert received: median {middle:.0f} ms, longest {longest:.0f} ms")
        return "\n".join(lines)


@click.command()
@click.option("--seconds", type=click.FloatRange(min=10), default=60, show_default=True, help="How long to watch.")
@click.option("--seed", type=click.IntRange(min=0), help="Another garden, other animals.")
@click.option("--wide", is_flag=True, help="Small animals in a wide frame, several at once, each followed by itself.")
def command(*, seconds: float, seed: int | None, wide: bool) -> int:
    """See the whole thing work: simulated camera, the daemon, an embedded broker, and a subscriber."""
    inbox: SimpleQueue[Notice] = SimpleQueue()
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="insect-edge-demo-") as folder, EmbeddedBroker() as broker:
        settings = BrokerSettings(host="127.0.0.1", port=broker.port, client_id="demo-subscriber", protocol="3.1.1")
        click.echo(f"broker on 127.0.0.1:{broker.port}, daemon on a simulated garden; {seconds:g} s, Ctrl-C ends it\n")
        with captured_signals(inbox):
            subscription = make_subscription(settings, inbox, topics=("insect-edge/#",))
            try:
                configuration = _configure(Path(folder), port=broker.port, seed=seed, scene=_WIDE if wide else _CLOSE)
                _watch(subscription, tally, configuration=configuration, seconds=seconds)
            finally:
                subscription.close()
    click.echo(f"\n{tally.summary()}")
    return EXIT_OK


def _configure(folder: Path, *, port: int, seed: int | None, scene: str) -> Path:
    chosen = "" if seed is None else f"seed = {seed}"
    path = folder / "demo.toml"
    path.write_text(_CONFIGURATION.format(port=port, seed=chosen, scene=scene), encoding="utf-8")
    return path


def _watch(subscription: Subscription, tally: Tally, *, configuration: Path, seconds: float) -> None:
    """Run the daemon as its own process, as on a Pi, and print what arrives."""
    started = time.monotonic()
    command = [sys.executable, "-m", "insect_edge", "run", "--config", str(configuration)]
    # In a session of its own: Ctrl-C in the terminal is for the demo alone; two signals would cut the daemon off.
    daemon = subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own program
    try:
        quiet = True
        while quiet and daemon.poll() is None and time.monotonic() < started + seconds:
            until = min(time.monotonic() + 0.5, started + seconds)
            quiet = subscription.follow(tally.take, on_state=_ignore, until=until)
    finally:
        ended = daemon.poll()
        daemon.send_signal(signal.SIGTERM)
        # Its last words: open events ended, health, offline.
        subscription.follow(tally.take, on_state=_ignore, until=time.monotonic() + 1.5)
        _end(daemon)
    if ended:
        raise InsectEdgeError(f"the daemon ended with exit code {ended}: its own message is above")


def _end(daemon: subprocess.Popen[bytes]) -> None:
    try:
        daemon.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _ignore(_: str) -> None:
    pass


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
