"""The way to the configured broker, step by step, up to a message that comes back."""

from __future__ import annotations

import uuid
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING

from insect_edge.adapters import broker_steps
from insect_edge.adapters.clock import SystemClock
from insect_edge.adapters.paho import PahoPublisher
from insect_edge.composition.broker_options import configured_broker, visitor_id
from insect_edge.doctor.broker import judge_round_trip
from insect_edge.doctor.findings import Finding, Level, failure, good, skipped
from insect_edge.domain import Message
from insect_edge.errors import PublishError
from insect_edge.identity import device_id
from insect_edge.mqtt import messages
from insect_edge.mqtt.topics import Topics
from insect_edge.mqtt.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from insect_edge.config.sections import Config
    from insect_edge.mqtt.broker_settings import BrokerSettings
    from insect_edge.protocols import Notice

_PATIENCE_SECONDS = 5.0
"""For an answer on a connection that stands."""


def examine(config: Config, *, daemon_runs: bool, secrets_hidden: bool) -> Iterator[Finding]:
    """One finding a step; what a failed one makes pointless is left out.

    Args:
        config: names the broker.
        daemon_runs: whether a daemon uses the device's own client id just now; a second one would throw it out.
        secrets_hidden: whether a service has a password that this user may not read.
    """
    device = config.device.id or device_id()
    settings = configured_broker(config, client_id=visitor_id("doctor") if daemon_runs else device)
    for finding in broker_steps.walk(settings):
        yield finding
        if finding.level is Level.FAILURE:
            return
    if secrets_hidden and settings.username is not None and settings.password is None:
        yield skipped("login", "this user may not read the service's password: sudo insect-edge doctor")
        return
    topics = Topics(device_id=device, root=config.mqtt.root)
    visit, patience = make_visit(settings)
    try:
        # As the daemon logs in, last will and all: brokers look at that one's rights too.
        connected = visit.log_in(will=None if daemon_runs else messages.offline(topics), seconds=patience)
        who = settings.username or "nobody in particular"
        text = f"as {who}, client id {settings.client_id}, MQTT {connected.protocol}"
        yield good("login", text, client_id=settings.client_id, protocol=connected.protocol)
        yield from judge_round_trip(visit.round_trip(greeting(topics)))
    except PublishError as error:
        yield failure("login" if not visit.logged_in else "publish", str(error), None)
    finally:
        visit.close()


def make_visit(settings: BrokerSettings) -> tuple[Visit, float]:
    """A visit to a broker, not yet connected, and the seconds a login may take: two versions are tried."""
    inbox: SimpleQueue[Notice] = SimpleQueue()
    # The whole message must come back, whatever the daemon's own limit for commands is.
    publisher = PahoPublisher(inbox, replace(settings, largest_received=None, most_waiting=None))
    visit = Visit(publisher, inbox, clock=SystemClock(), seconds=_PATIENCE_SECONDS)
    return visit, 2 * settings.connect_seconds + _PATIENCE_SECONDS


def greeting(topics: Topics) -> Message:
    """A message that nobody else sends, on a topic that nobody else uses."""
    payload = f"insect-edge doctor {uuid.uuid4().hex}".encode()
    return Message(topic=topics.doctor, payload=payload, qos=1, retain=False, content_type=messages.TEXT)
