"""`insect-edge mqtt-clear`: take away what a device has left on its broker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import click

from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.paho import PahoPublisher
from insect_edge.composition.broker_options import (
    BrokerChoice,
    broker_options,
    configured_broker,
    visitor,
    visitor_id,
)
from insect_edge.config.file import load_config
from insect_edge.errors import EXIT_FAILURE, EXIT_OK
from insect_edge.identity import device_id
from insect_edge.mqtt.clearing import Clearing
from insect_edge.mqtt.home_assistant import discovery_topic
from insect_edge.mqtt.topics import DEFAULT_PREFIX, DEFAULT_ROOT, Topics
from insect_edge.signals import captured_signals

if TYPE_CHECKING:
    from insect_edge.mqtt.broker_settings import BrokerSettings
    from insect_edge.protocols import Notice


@click.command(name="mqtt-clear")
@click.option(
    "--config", "config_path", type=click.Path(path_type=Path), help="The daemon's configuration: broker, id and root."
)
@click.option("--device-id", "device", help="Which device.  [this machine's]")
@click.option("--root", help=f"First level of its topics.  [{DEFAULT_ROOT}]")
@click.option("--prefix", help=f"First level of Home Assistant's discovery topics.  [{DEFAULT_PREFIX}]")
@click.option("--force", is_flag=True, help="Also while the device is online, which will soon publish again.")
@broker_options
def command(config_path: Path | None, device: str | None, root: str | None, prefix: str | None, **options: Any) -> int:
    """Clear every retained message of a device, Home Assistant's description among them.

    The broker is named by --config or by --host and the options beside it.
    """
    force = options.pop("force")
    if config_path is None:
        settings = visitor(BrokerChoice(**options), purpose="clear")
        configured_device = configured_root = configured_prefix = None
    else:
        config = load_config(config_path)
        settings = configured_broker(config, client_id="")
        configured_device, configured_root = config.device.id, config.mqtt.root
        configured_prefix = config.home_assistant.prefix
    topics = Topics(device_id=device or configured_device or device_id(), root=root or configured_root or DEFAULT_ROOT)
    settings = replace(settings, client_id=visitor_id("clear"), largest_received=None, most_waiting=None)
    return clear(settings, topics=topics, prefix=prefix or configured_prefix or DEFAULT_PREFIX, force=force)


def clear(settings: BrokerSettings, *, topics: Topics, prefix: str, force: bool) -> int:
    """Find what is retained, refuse where the device is there, and clear it; the exit code.

    Raises:
        PublishError: when the broker cannot be reached or something could not be cleared.
    """
    description = discovery_topic(prefix, device_id=topics.device_id)
    inbox: SimpleQueue[Notice] = SimpleQueue()
    clearing = Clearing(
        PahoPublisher(inbox, settings),
        inbox,
        clock=SystemClock(),
        topics=(topics.everything, description),
        availability=topics.availability,
    )
    with captured_signals(inbox):
        try:
            clearing.find()
            if clearing.online() and not force:
                click.echo(
                    f"insect-edge: {topics.device_id} is online and would publish again: stop it first, or add --force",
                    err=True,
                )
                return EXIT_FAILURE
            cleared = clearing.clear()
        finally:
            clearing.close()
    for topic in cleared:
        click.echo(topic)
    click.echo(f"{len(cleared)} retained topics of {topics.device_id} cleared", err=True)
    return EXIT_OK
