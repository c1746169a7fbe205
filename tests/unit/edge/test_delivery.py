"""The delivery keeps what the outbox will not take, within bounds."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.delivery import MOST_WAITING, RETRY_SECONDS, Delivery, DeliverySettings
from insect_edge.domain import Phase
from insect_edge.errors import ImageError, OutboxError, OutboxFullError
from insect_edge.outbox.entry import Draft, Entry, Kind, Ticket
from support.changes import FRAME, ORIGIN, event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_edge.domain import Frame, Message


class FailingOutbox:
    """Takes drafts, or not."""

    def __init__(self) -> None:
        self.fails = False
        self.clock = FakeClock()
        self.cramped: str | None = None
        self.reserve = False
        self.owed = 0
        self.given_up: list[Kind] = []
        self.entries: list[Entry] = []
        self.states: list[bytes] = []

    def put(self, drafts: Sequence[Draft], *, state: bytes | None = None) -> list[Entry]:
        """Number and keep them, and the state."""
        if self.fails:
            raise OutboxError("outbox: broken: mend it")
        if self.cramped:
            raise OutboxFullError(self.cramped)
        return self.put_urgent(drafts, state=state)

    def recover(self) -> bool:
        """All is well unless it is cramped."""
        return self.cramped is None

    def put_together(self, drafts: Sequence[Draft], *, state: bytes | None = None) -> list[Entry]:
        """Take them while there is a reserve."""
        if not self.reserve:
            raise OutboxFullError(str(self.cramped))
        return self.put_urgent(drafts, state=state)

    def gave_up(self, kind: Kind) -> None:
        """Count."""
        self.given_up.append(kind)

    def put_urgent(self, drafts: Sequence[Draft], *, state: bytes | None = None, owed: int = 0) -> list[Entry]:
        """Take them all the same."""
        self.owed = owed
        self.states += [state] if state is not None else []
        new = []
        for draft in drafts:
            number = len(self.entries) + len(new) + 1
            new.append(Entry(seq=number, kind=draft.kind, message=draft.build(Ticket(seq=number, kind_seq=number))))
        self.entries += new
        return new


def delivered(**settings: Any) -> tuple[Delivery, FailingOutbox, list[Message], list[Frame]]:
    """A delivery, its outbox, what went to the relay, and the frames that were encoded."""
    outbox, latest, encoded = FailingOutbox(), [], []
    clock = outbox.clock

    def encode(frame: Frame) -> bytes:
        encoded.append(frame)
        return b"jpeg"

    relay = SimpleNamespace(set_latest=latest.append)
    delivery = Delivery(
        outbox=outbox,
        relay=relay,
        origin=ORIGIN,
        encode=encode,
        settings=DeliverySettings(**settings),
        clock=clock,
    )
    return delivery, outbox, latest, encoded


def test_an_alert_is_stored_with_its_detection() -> None:
    """An event that alerts is a detection and an alert, in one go and in this order."""
    delivery, outbox, latest, _ = delivered()
    delivery.events([event(1, alert=True)], frame=FRAME)
    assert [entry.kind for entry in outbox.entries] == [Kind.DETECTION, Kind.ALERT]
    assert [message.topic.removeprefix("insect-edge/trap/") for message in latest] == ["last_detection", "snapshot"]


def test_what_cannot_be_stored_waits() -> None:
    """Changes that the outbox refused are stored later, before newer ones."""
    delivery, outbox, _, _ = delivered()
    outbox.fails = True
    delivery.events([event(1, alert=True)], frame=FRAME)
    delivery.retry()
    assert (delivery.error, outbox.entries) == ("outbox: broken: mend it", [])
    outbox.fails = False
    delivery.events([event(1, phase=Phase.END)], frame=None)
    assert [entry.kind for entry in outbox.entries] == [Kind.DETECTION, Kind.ALERT, Kind.DETECTION]
    assert b'"phase":"end"' in outbox.entries[-1].message.payload
    assert delivery.error is None


def test_memory_stays_bounded_and_alerts_stay() -> None:
    """When too much waits, the oldest detections go, counted, and no alert does."""
    delivery, outbox, _, _ = delivered()
    outbox.fails = True
    for number in range(MOST_WAITING):
        delivery.events([event(number, alert=number % 4 == 0)], frame=None)
    outbox.fails = False
    delivery.retry()
    assert outbox.entries == []
    outbox.clock.advance(RETRY_SECONDS)
    delivery.retry()
    kinds = [entry.kind for entry in outbox.entries]
    assert (len(kinds), delivery.lost) == (MOST_WAITING, MOST_WAITING // 4)
    assert outbox.given_up == [Kind.DETECTION] * delivery.lost
    assert kinds.count(Kind.ALERT) == MOST_WAITING // 4
    assert b"event-999" in outbox.entries[-1].message.payload


def test_a_full_disk_holds_up_no_alert() -> None:
    """Alerts go out at once, each once; detections wait, and are stored when there is room, which then is told."""
    delivery, outbox, _, _ = delivered()
    outbox.cramped = "outbox: the disk is full"
    delivery.events([event(1, alert=True)], frame=FRAME, state=b"state")
    delivery.events([event(1, phase=Phase.END)], frame=None)
    assert [entry.kind for entry in outbox.entries] == [Kind.ALERT]
    assert (delivery.waiting, delivery.disk_full, delivery.error) == (2, True, "outbox: the disk is full")
    assert (outbox.states, outbox.owed) == ([b"state"], 1)
    outbox.cramped = None
    outbox.clock.advance(RETRY_SECONDS)
    delivery.retry()
    assert [entry.kind for entry in outbox.entries] == [Kind.ALERT, Kind.DETECTION, Kind.DETECTION]
    assert (delivery.waiting, delivery.disk_full, delivery.error) == (0, False, None)
    assert outbox.states[-1] == b"state"


def test_on_a_full_disk_an_alert_brings_its_detection_along() -> None:
    """As long as the room in reserve lasts both are stored, with the state that takes them for told, in this order."""
    delivery, outbox, latest, _ = delivered(snapshot=False)
    outbox.cramped, outbox.reserve = "outbox: the disk is full", True
    delivery.events([event(1)], frame=None, state=b"one")
    assert outbox.entries == []
    delivery.events([event(2, alert=True)], frame=None, state=b"two")
    assert [entry.kind for entry in outbox.entries] == [Kind.DETECTION, Kind.DETECTION, Kind.ALERT]
    assert (outbox.states, delivery.waiting, outbox.owed) == ([b"two"], 0, 0)
    assert b"event-2" in latest[-1].payload
    assert delivery.disk_full
    delivery.retry()
    assert len(outbox.entries) == 3


def test_a_disk_that_is_full_is_told_before_anything_happens() -> None:
    """With nothing to store the shortage is noticed all the same, and its end."""
    delivery, outbox, _, _ = delivered()
    outbox.cramped = "outbox: the disk is full"
    delivery.retry()
    assert (delivery.disk_full, delivery.error) == (True, "outbox: the disk is full")
    outbox.cramped = None
    outbox.clock.advance(RETRY_SECONDS)
    delivery.retry()
    assert (delivery.disk_full, delivery.error) == (False, None)


def test_no_picture_is_made_for_nothing() -> None:
    """Ends have no picture, and without a taker none is encoded."""
    delivery, _, _, encoded = delivered()
    delivery.events([event(1, phase=Phase.END)], frame=FRAME)
    assert encoded == []
    delivery, _, _, encoded = delivered(snapshot=False)
    delivery.events([event(1)], frame=FRAME)
    assert encoded == []


def test_one_picture_serves_all_topics() -> None:
    """A frame is encoded once, for the newest and for each event it shows."""
    delivery, _, latest, encoded = delivered(snapshot_per_event=True)
    delivery.events([event(1), event(2)], frame=FRAME)
    topics = [message.topic.removeprefix("insect-edge/trap/") for message in latest if message.payload == b"jpeg"]
    assert topics == ["snapshot", "snapshot/event-1", "snapshot/event-2"]
    assert len(encoded) == 1


def test_an_event_without_a_picture_is_told_all_the_same() -> None:
    """Whatever keeps a frame from being encoded, the alert is stored and the daemon goes on."""
    delivery, outbox, latest, _ = delivered(snapshot_per_event=True)

    def broken(_: Frame) -> bytes:
        raise ImageError("the frame cannot be encoded: report it")

    delivery.configure(origin=ORIGIN, encode=broken, settings=DeliverySettings(snapshot_per_event=True))
    delivery.events([event(1, alert=True)], frame=FRAME)
    assert [entry.kind for entry in outbox.entries] == [Kind.DETECTION, Kind.ALERT]
    assert [message.topic for message in latest] == ["insect-edge/trap/last_detection"]


def test_the_newest_state_waits_with_the_messages() -> None:
    """What the policy remembers is stored with the changes that led to it, later where they are, and once."""
    delivery, outbox, _, _ = delivered()
    outbox.fails = True
    delivery.events([event(1)], frame=None, state=b"one")
    delivery.events([event(2)], frame=None, state=b"two")
    assert (outbox.states, outbox.entries) == ([], [])
    outbox.fails = False
    for _ in range(2):
        outbox.clock.advance(RETRY_SECONDS)
        delivery.retry()
    assert (outbox.states, len(outbox.entries)) == ([b"two"], 2)


def test_a_state_alone_is_stored_too() -> None:
    """After a reboot there may be something new to remember and nothing to tell."""
    delivery, outbox, latest, _ = delivered()
    delivery.events([], frame=None, state=b"carried over")
    assert (outbox.states, outbox.entries, latest) == ([b"carried over"], [], [])
