"""What it costs to lose nothing: storing and forgetting a message, and emptying a full outbox."""

from __future__ import annotations

import os
import sqlite3
import statistics
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.outbox.entry import Draft, Entry, Kind, OutboxLimits
from insect_edge.outbox.queue import Outbox
from support.alert_source import HOST, PAYLOAD_BYTES, Ours, payload
from support.mosquitto import BrokerOptions, running
from support.relay_world import TOPICS, World, draft

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROUNDS = int(os.environ.get("INSECT_EDGE_BENCHMARK_COMMITS", "200"))
BACKLOG = int(os.environ.get("INSECT_EDGE_BENCHMARK_BACKLOG", "2000"))
FULL_ROWS = OutboxLimits().rows
PADDING = PAYLOAD_BYTES - 20


class Floor:
    """The least that keeps a message over a power cut: one table, one row, one commit; and one to forget it."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.execute("PRAGMA journal_size_limit = 1048576")
        self.connection.execute("CREATE TABLE message (seq INTEGER PRIMARY KEY, topic TEXT, payload BLOB)")

    def put_and_forget(self, content: bytes) -> None:
        """Two commits."""
        row = self.connection.execute("INSERT INTO message (topic, payload) VALUES (?, ?)", (TOPICS.detection, content))
        self.connection.execute("DELETE FROM message WHERE seq = ?", (row.lastrowid,))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _put_and_ack(outbox: Outbox, one: Draft) -> Entry:
    (entry,) = outbox.put([one])
    outbox.ack([entry.seq])
    return entry


@pytest.mark.parametrize("waiting", [0, FULL_ROWS - 1], ids=["empty", "full"])
def test_put_and_ack_against_bare_sqlite(tmp_path: Path, say: Callable[[str], None], waiting: int) -> None:
    """A message stored and forgotten, each in a transaction of its own, against the same in one bare table."""
    outbox = Outbox.open(tmp_path / "ours", clock=FakeClock(), limits=OutboxLimits())
    floor, one = Floor(tmp_path / "floor.db"), draft(size=PADDING)
    with closing(outbox), closing(floor.connection):
        outbox.put([one] * waiting)
        content = _put_and_ack(outbox, one).message.payload
        assert len(content) > PADDING
        pairs = [
            (_seconds(lambda: _put_and_ack(outbox, one)), _seconds(lambda: floor.put_and_forget(content)))
            for _ in range(ROUNDS)
        ]
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    say(
        f"{len(content)} bytes stored and forgotten, {waiting} waiting: {ours * 1e3:.2f} ms ({1 / ours:.0f} a second), "
        f"bare SQLite {bare * 1e3:.2f} ms: {ratio:.2f} times"
    )
    assert ours > 0


def test_catch_up_in_memory(tmp_path: Path, say: Callable[[str], None]) -> None:
    """A backlog from the disk through the relay to a broker in memory, as fast as it goes."""
    world = World(tmp_path)
    world.outbox.put([draft(Kind.ALERT, size=PADDING)] * BACKLOG)
    taken = _seconds(world.settle)
    world.outbox.close()
    assert len(world.arrived()) == BACKLOG
    say(f"catch-up to a broker in memory: {BACKLOG} alerts in {taken:.2f} s, {BACKLOG / taken:.0f} a second")


def test_catch_up_against_a_bare_paho_loop(tmp_path: Path, say: Callable[[str], None]) -> None:
    """A backlog from the disk to a real broker, each row forgotten on its PUBACK, against paho from memory."""
    with running(tmp_path / "broker", BrokerOptions(extra=("log_type none",))) as broker:
        pairs = [(_ours(tmp_path / str(n), broker.port), _bare(broker.port)) for n in range(3)]
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    say(
        f"catch-up to Mosquitto: {BACKLOG} alerts in {ours:.2f} s, {BACKLOG / ours:.0f} a second; "
        f"bare paho from memory {BACKLOG / bare:.0f} a second: {ratio:.2f} times as long"
    )
    assert ours > 0


def _ours(folder: Path, port: int) -> float:
    """Seconds from the first attempt to connect to the last acknowledgement written down."""
    way = Ours("insect-edge", port, folder)
    for number in range(BACKLOG):
        way.take_over(number)
    started = time.perf_counter()
    while way.waiting:
        way.work(seconds=0.05)
    taken = time.perf_counter() - started
    way.close()
    return taken


def _bare(port: int) -> float:
    """The same with paho alone: everything into its queue, and wait for every PUBACK."""
    client = Client(CallbackAPIVersion.VERSION2, client_id="bare")
    started = time.perf_counter()
    client.connect(HOST, port)
    client.loop_start()
    for under_way in [client.publish(TOPICS.alert("slug"), payload(number), qos=1) for number in range(BACKLOG)]:
        under_way.wait_for_publish(60)
    taken = time.perf_counter() - started
    client.disconnect()
    client.loop_stop()
    return taken
