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
from insect_edge.adapters.allocator import give_large_arrays_back
from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.journal_socket import JournalHandler, is_the_journal
from insect_edge.adapters.paho import PahoPublisher
from insect_edge.adapters.status_socket import StatusSocket
from insect_edge.adapters.systemd_notify import notify_socket, watchdog_seconds
from insect_edge.composition.broker_options import configured_broker
from insect_edge.composition.cameras import make_camera
from insect_edge.composition.control import Source
from insect_edge.composition.daemon import Adapters, assembled
from insect_edge.composition.model import make_classifier
from insect_edge.composition.models import make_launch
from insect_edge.config.file import load_config
from insect_edge.errors import InsectEdgeError
from insect_edge.identity import device_id
from insect_edge.signals import captured_signals
from insect_edge.systemd import Systemd

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from insect_edge.config.sections import Config
    from insect_edge.daemon import Daemon
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
    give_large_arrays_back()
    device = config.device.id or device_id()
    clock = SystemClock()
    broker = configured_broker(config, client_id=device)
    camera = make_camera(config.camera, clock=clock, mode=config.regions.mode)
    _log.info("insect-edge %s, device %s, camera %s", __version__, device, camera.name)
    _log.info("broker %s:%d%s", broker.host, broker.port, " with TLS" if broker.tls else "")
    launch = make_launch(config, clock=clock)
    load = partial(make_classifier, config, name=source.name, model=launch.name)
    adapters = Adapters(
        clock=clock,
        inbox=inbox,
        camera=camera,
        classifier=launch.load(load),
        publisher=PahoPublisher(inbox, broker),
        systemd=_systemd(launch.ready),
        first_frame_seconds=launch.patience,
        model_rolled_back=launch.rolled_back,
    )
    made = assembled(config, adapters, device_id=device, source=source)
    _follow(made, StatusSocket(inbox, device_id=device), on_end=launch.ended)


def _follow(made: AbstractContextManager[Daemon], status: StatusSocket, *, on_end: Callable[[], None]) -> None:
    """Run a daemon to its end, and this process with it where a driver would hold it up."""
    daemon: Daemon | None = None
    try:
        with made as daemon, status:
            daemon.run()
        on_end()
    except InsectEdgeError as error:
        _leave_behind(daemon, error)
        raise
    _leave_behind(daemon, None)


def _leave_behind(daemon: Daemon | None, error: InsectEdgeError | None) -> None:
    """End the process at once where the camera's driver still holds a thread.

    Python's own end would tear that thread out of the driver's C++, which calls std::terminate: a clean stop would be
    told as a crash.
    """
    if daemon is None or not daemon.left_behind:
        return
    if error is not None:
        click.echo(f"insect-edge: {error}", err=True)
    logging.shutdown()
    os._exit(0 if error is None else error.exit_code)


def _systemd(on_ready: Callable[[], None]) -> Systemd:
    send = notify_socket()
    if send is None:
        return Systemd(on_ready=on_ready)
    return Systemd(send, watchdog_seconds=watchdog_seconds(), on_ready=on_ready)


def configure_logging(level: str) -> None:
    """Log to standard error, or where that is systemd's journal to the journal itself, which stamps and ranks lines."""
    if is_the_journal(sys.stderr):
        logging.basicConfig(handlers=[JournalHandler(sys.stderr)], level=level.upper(), format="%(message)s")
    else:
        logging.basicConfig(stream=sys.stderr, level=level.upper(), format="%(asctime)s %(levelname)s %(message)s")
