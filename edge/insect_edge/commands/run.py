"""`insect-edge run`: the daemon."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

import click

from insect_edge import __version__
from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.paho import PahoPublisher
from insect_edge.adapters.systemd_notify import notify_socket
from insect_edge.composition.cameras import make_camera
from insect_edge.composition.daemon import Adapters, assembled
from insect_edge.composition.model import make_classifier
from insect_edge.config import settings as config_settings
from insect_edge.config.file import load_config, read_password
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
        run(config, inbox=inbox, name=config_path.name)


def run(config: Config, *, inbox: SimpleQueue[Notice], name: str) -> None:
    """Run the daemon on this machine's clock, camera and broker.

    Args:
        config: what to do.
        inbox: where signals arrive.
        name: of the configuration file, for messages.

    Raises:
        InsectEdgeError: whatever kept the daemon from starting, or ended it.
    """
    device = config.device.id or device_id()
    clock = SystemClock()
    broker = config_settings.broker_settings(config, client_id=device, password=read_password(config.mqtt))
    camera = make_camera(config.camera, clock=clock)
    _log.info("insect-edge %s, device %s, camera %s", __version__, device, camera.name)
    _log.info("broker %s:%d%s", broker.host, broker.port, " with TLS" if broker.tls else "")
    adapters = Adapters(
        clock=clock,
        inbox=inbox,
        camera=camera,
        classifier=make_classifier(config, name=name),
        publisher=PahoPublisher(inbox, broker),
        systemd=Systemd(send) if (send := notify_socket()) is not None else Systemd(),
    )
    with assembled(config, adapters, device_id=device) as daemon:
        daemon.run()


def configure_logging(level: str) -> None:
    """Log to standard error; the journal stamps its lines itself."""
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(stream=sys.stderr, level=level.upper(), format=f"{stamp}%(levelname)s %(message)s")
