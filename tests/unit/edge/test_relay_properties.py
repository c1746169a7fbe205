"""Whatever the broker and the process do: every message arrives at least once, in order, or is counted."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from queue import Empty, SimpleQueue
from random import Random
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.memory_publisher import MemoryPublisher
from insect_edge.domain import Message
from insect_edge.mqtt.topics import Topics
from insect_edge.outbox.queue import Draft, Kind, Outbox, OutboxLimits, Ticket
from insect_edge.relay.relay import Relay, RelaySettings

if TYPE_CHECKING:
    from insect_edge.protocols import Notice

TOPICS = Topics(device_id="trap")
TOPIC = {Kind.DETECTION: TOPICS.detection, Kind.ALERT: TOPICS.alert("slug")}


class RelayMachine(RuleBasedStateMachine):
    """One device, one broker, and everything that can come between them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="relay-"))
        self.clock = FakeClock()
        self.inbox: SimpleQueue[Notice] = SimpleQueue()
        self.broker = MemoryPublisher(self.inbox)
        self.stored: dict[int, tuple[Kind, bytes]] = {}
        self.start()

    def start(self) -> None:
        """A process begins."""
        self.outbox = Outbox.open(self.folder, clock=self.clock, limits=OutboxLimits())
        self.relay = Relay(
            publisher=self.broker,
            outbox=self.outbox,
            clock=self.clock,
            random=Random(3),  # noqa: S311 # jitter, not secrets
            settings=RelaySettings(topics=TOPICS, window=4),
        )

    def turn(self, notices: int) -> None:
        """The main loop goes round a few times."""
        for _ in range(notices):
            self.relay.pump()
            try:
                self.relay.handle(self.inbox.get_nowait())
            except Empty:
                break
            assert self.relay.status().in_flight <= 4 + 2
        self.relay.pump()

    @rule(kinds=st.lists(st.sampled_from(Kind), min_size=1, max_size=5))
    def put(self, kinds: list[Kind]) -> None:
        """Something was seen."""

        def builder(kind: Kind) -> Draft:
            def build(ticket: Ticket) -> Message:
                payload = json.dumps({"seq": ticket.seq, "kind_seq": ticket.kind_seq}).encode()
                return Message(topic=TOPIC[kind], payload=payload, qos=1, retain=False)

            return Draft(kind=kind, build=build)

        for entry in self.outbox.put([builder(kind) for kind in kinds]):
            self.stored[entry.seq] = (entry.kind, entry.message.payload)

    @rule(notices=st.integers(min_value=0, max_value=12))
    def go_round(self, notices: int) -> None:
        """The main loop runs, without time passing."""
        self.turn(notices)

    @rule(seconds=st.sampled_from([0.1, 1.0, 10.0, 100.0]))
    def time_passes(self, seconds: float) -> None:
        """Nothing happens for a while."""
        self.clock.advance(seconds)
        self.turn(3)

    @rule()
    def health_changes(self) -> None:
        """Something newest-wins is published."""
        self.relay.set_latest(Message(topic=TOPICS.health, payload=b"{}", qos=1, retain=True))

    @rule()
    def the_connection_breaks(self) -> None:
        """Wi-Fi."""
        self.broker.drop()

    @rule(reachable=st.booleans(), withhold=st.booleans(), silent=st.booleans())
    def the_broker_changes(self, *, reachable: bool, withhold: bool, silent: bool) -> None:
        """Down, slow, or half dead."""
        self.broker.reachable, self.broker.withhold, self.broker.silent = reachable, withhold, silent

    @rule()
    def acknowledgements_come(self) -> None:
        """Late, all at once."""
        self.broker.acknowledge()

    @rule()
    def the_process_is_killed_and_starts_again(self) -> None:
        """What it had not written down is forgotten; notices for it reach nobody."""
        self.broker.drop()
        self.outbox.close()
        while not self.inbox.empty():
            self.inbox.get()
        self.start()

    @rule()
    def the_process_stops_and_starts_again(self) -> None:
        """In order."""
        self.relay.stop(timeout=1)
        self.outbox.close()
        while not self.inbox.empty():
            self.inbox.get()
        self.start()

    def teardown(self) -> None:
        """In the end all is well for long enough, and the books are compared."""
        self.broker.reachable, self.broker.withhold, self.broker.silent = True, False, False
        self.broker.acknowledge()
        for _ in range(500):
            self.clock.advance(30)
            self.turn(10_000)
            if self.outbox.status().depth == 0:
                break
        assert self.outbox.status().depth == 0
        arrived: dict[int, bytes] = {}
        for kind, topic in TOPIC.items():
            first: list[int] = []
            for payload in self.broker.payloads(topic):
                seq = json.loads(payload)["seq"]
                assert self.stored[seq] == (kind, payload)
                if seq not in arrived:
                    first.append(seq)
                    arrived[seq] = payload
            assert first == sorted(first)
        assert len(self.stored) - len(arrived) <= self.outbox.status().losses.dead_letter
        self.outbox.close()
        shutil.rmtree(self.folder)


TestRelay = RelayMachine.TestCase
TestRelay.settings = settings(max_examples=40, stateful_step_count=40)
