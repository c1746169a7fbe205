"""`insect-edge watch`: print what devices report to a broker."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from queue import SimpleQueue
from random import Random
from typing import TYPE_CHECKING, Any

import click

from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.paho import PahoPublisher
from insect_edge.backoff import Backoff
from insect_edge.composition.broker_options import BrokerChoice, broker_options, visitor
from insect_edge.errors import EXIT_OK
from insect_edge.mqtt.reading import line, read
from insect_edge.mqtt.subscription import Subscription
from insect_edge.signals import captured_signals

if TYPE_CHECKING:
    from insect_edge.mqtt.broker_settings import BrokerSettings
    from insect_edge.protocols import Notice, Received


@click.command()
@click.option("--topic", "topics", multiple=True, help="Topic filter; may be given several times.  [insect-edge/#]")
@broker_options
def command(topics: tuple[str, ...], **options: Any) -> int:
    """Print detections, alerts and health of all devices of a broker as they arrive, until Ctrl-C."""
    settings = visitor(BrokerChoice(**options), purpose="watch")
    inbox: SimpleQueue[Notice] = SimpleQueue()
    with captured_signals(inbox):
        subscription = make_subscription(settings, inbox, topics=topics or ("insect-edge/#",))
        click.echo(f"watching {settings.host}:{settings.port}, Ctrl-C ends it", err=True)
        try:
            subscription.follow(show, on_state=lambda state: click.echo(state, err=True), until=float("inf"))
        finally:
            subscription.close()
    return EXIT_OK


def make_subscription(settings: BrokerSettings, inbox: SimpleQueue[Notice], *, topics: tuple[str, ...]) -> Subscription:
    """A subscriber to a real broker."""
    backoff = Backoff(first=1.0, longest=30.0, random=Random())  # noqa: S311 - spreads reconnects, keeps no secret
    return Subscription(PahoPublisher(inbox, settings), inbox, clock=SystemClock(), topics=topics, backoff=backoff)


def show(message: Received) -> None:
    """Print one message, in colour only where somebody looks."""
    reading = read(message.topic, message.payload)
    if reading is not None:
        click.echo(line(reading, arrived=datetime.now(UTC), colored=sys.stdout.isatty()))
