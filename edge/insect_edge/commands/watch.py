"""`insect-edge watch`: print what devices report to a broker."""

from __future__ import annotations

import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from random import Random
from typing import TYPE_CHECKING

import click

from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.paho import PahoPublisher
from insect_edge.backoff import Backoff
from insect_edge.errors import EXIT_OK, ConfigError
from insect_edge.mqtt.broker_settings import PLAIN_PORT, TLS_PORT, BrokerSettings, TlsSettings
from insect_edge.mqtt.reading import line, read
from insect_edge.mqtt.subscription import Subscription
from insect_edge.signals import captured_signals

if TYPE_CHECKING:
    from insect_edge.protocols import Notice, Received


@click.command()
@click.option("--host", default="localhost", show_default=True, help="The broker.")
@click.option("--port", type=click.IntRange(1, 65535), help=f"Default: {PLAIN_PORT}, or {TLS_PORT} with TLS.")
@click.option("--topic", "topics", multiple=True, help="Topic filter; may be given several times.  [insect-edge/#]")
@click.option("--username", help="For a broker that asks for one.")
@click.option("--password-file", type=click.Path(path_type=Path), help="File whose first line is the password.")
@click.option("--tls", is_flag=True, help="Encrypt, trusting the system's authorities.")
@click.option("--ca", type=click.Path(path_type=Path), help="Encrypt, trusting this PEM file of authorities.")
def command(  # noqa: PLR0917 - click passes each option by name
    host: str,
    port: int | None,
    topics: tuple[str, ...],
    username: str | None,
    password_file: Path | None,
    tls: bool,  # noqa: FBT001 - click passes each option by name
    ca: Path | None,
) -> int:
    """Print detections, alerts and health of all devices of a broker as they arrive, until Ctrl-C."""
    encryption = TlsSettings(ca_file=ca) if tls or ca else None
    settings = BrokerSettings(
        host=host,
        port=port or (TLS_PORT if encryption else PLAIN_PORT),
        # Two with one id would throw each other out for ever, and in containers process ids are all alike.
        client_id=f"insect-edge-watch-{uuid.uuid4().hex[:8]}",
        username=username,
        password=_password(password_file),
        tls=encryption,
    )
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


def _password(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, IndexError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: no password in it ({error}): write it on the first line") from error
