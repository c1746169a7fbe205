"""`insect-edge run`: the daemon."""

from __future__ import annotations

import logging
import os
import sys
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

import click

from insect_edge import __version__
from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.paho import PahoPublisher
from insect_edge.adapters.status_socket import StatusSocket
from insect_edge.adapters.systemd_notify import notify_socket, watchdog_seconds
from insect_edge.composition.broker_options import configured_broker
from insect_edge.composition.cameras import make_camera
from insect_edge.composition.control import Source
from insect_edge.composition.daemon import Adapters, assembled
from insect_edge.composition.model import make_classifier
from insect_edge.config.file import load_config
from insect_edge.identity import device_id
from insect_edge.signals import captured_signals
from insect_edge.systemd import Systemd

if TYPE_CHECKING:
    from insect_edge.config.sections import Config
    from insect_edge.protocols import Notice

_log = logging.getLogger(__name__)


@click.command(name="run")
@click.option(
    "--config",
    "config_path",
    required=True,
    type=click.Path(path_type=Path),
    help="The configuration file; deploy/insect-edge.example.toml explains every key.",
)
def command(config_path: Path) -> None:
    """Watch through the camera and tell the broker, until SIGTERM or Ctrl-C."""
    config = load_config(config_path)
    configure_logging(config.log.level)
    inbox: SimpleQueue[Notice] = SimpleQueue()
    with captured_signals(inbox):
        run(config, inbox=inbox, source=Source(name=config_path.name, load=partial(load_config, config_path)))


def run(config: Config, *, inbox: SimpleQueue[Notice], source: Source) -> None:
    """Run the daemon on this machine's clock, camera and broker.

    Args:
        config: what to do.
        inbox: where signals arrive.
        source: where the configuration came from.

    Raises:
        InsectEdgeError: whatever kept the daemon from starting, or ended it.
    """
    device = config.device.id or device_id()
    clock = SystemClock()
    broker = configured_broker(config, client_id=device)
    camera = make_camera(config.camera, clock=clock)
    _log.info("insect-edge %s, device %s, camera %s", __version__, device, camera.name)
    _log.info("broker %s:%d%s", broker.host, broker.port, " with TLS" if broker.tls else "")
    adapters = Adapters(
        clock=clock,
        inbox=inbox,
        camera=camera,
        classifier=make_classifier(config, name=source.name),
        publisher=PahoPublisher(inbox, broker),
        systemd=_systemd(),
    )
    with assembled(config, adapters, device_id=device, source=source) as daemon, StatusSocket(inbox, device_id=device):
        daemon.run()


def _systemd() -> Systemd:
    send = notify_socket()
    return Systemd() if send is None else Systemd(send, watchdog_seconds=watchdog_seconds())


def configure_logging(level: str) -> None:
    """Log to standard error; the journal stamps its lines itself."""
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(stream=sys.stderr, level=level.upper(), format=f"{stamp}%(levelname)s %(message)s")
