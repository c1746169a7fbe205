"""The seams of the product. Each docstring is the contract; `tests/contract` runs it over every adapter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from queue import SimpleQueue

    import numpy as np
    from numpy.typing import NDArray

    from insect_edge.domain import Frame, Message, Moment
    from insect_edge.tensors import TensorSpec


class Clock(Protocol):
    """Time, injected: a whole day runs in milliseconds in a test."""

    def monotonic(self) -> float:
        """Seconds that never go back and do not jump; only differences mean anything."""
        ...

    def moment(self) -> Moment:
        """Now, on both clocks."""
        ...

    def boot_id(self) -> str:
        """Which boot `monotonic` belongs to."""
        ...

    def wait(self, inbox: SimpleQueue[Notice], *, seconds: float) -> Notice | None:
        """Take the next notice from `inbox`, or None once `seconds` passed without one (0: do not wait)."""
        ...


class Camera(Protocol):
    """Where frames come from.

    `open` may be called again after `close`. Between the two, `capture` delivers the newest frame there is, never an
    old one from a queue. Every failure is a `CameraError` whose message says what to do.
    """

    @property
    def name(self) -> str:
        """What is being looked through, for people: `picamera2:0 imx708`."""
        ...

    @property
    def live(self) -> bool:
        """Whether frames show the present; files do not, and are exempt from stall and dark detection."""
        ...

    def open(self) -> None:
        """Start delivering frames.

        Raises:
            CameraError: when there is no such camera, it is busy or may not be used.
        """
        ...

    def capture(self, *, timeout: float) -> Frame | None:
        """The newest frame, waiting at most `timeout` seconds; None when the source has ended (a file's last frame).

        Raises:
            CameraTimeoutError: when no frame came in time.
            CameraError: when the camera failed.
        """
        ...

    def close(self) -> None:
        """Let the camera go; harmless when it is not open. Returns within about 5 seconds."""
        ...


class Interpreter(Protocol):
    """Runs one model."""

    @property
    def runtime(self) -> str:
        """Package and version, for logs and cards: `ai-edge-litert 2.3.0`."""
        ...

    @property
    def delegate(self) -> str | None:
        """What accelerates the graph (`XNNPACK`), None for the plain kernels."""
        ...

    @property
    def activation(self) -> str:
        """What the file says its output is: `softmax` (scores) or `logits`."""
        ...

    @property
    def input(self) -> TensorSpec:
        """The single input."""
        ...

    @property
    def output(self) -> TensorSpec:
        """The first output: one score or logit a label."""
        ...

    def invoke(self, tensor: NDArray[np.generic]) -> NDArray[np.generic]:
        """Run the graph on a tensor of `input`'s shape and type; the result is a copy with the batch dimension dropped.

        Raises:
            InferenceError: when the runtime fails.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The broker accepted the connection.

    Attributes:
        generation: number of the connection, from 1; notices of an older one are stale.
        session_present: whether the broker kept a session.
        protocol: `5` or `3.1.1`.
        maximum_packet_size: the broker's limit in bytes, None where it names none.
        receive_maximum: how many unacknowledged messages the broker takes, None where it names no limit.
    """

    generation: int
    session_present: bool
    protocol: str
    maximum_packet_size: int | None
    receive_maximum: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """There is no connection (any more): it broke, could not be made or was refused.

    Attributes:
        generation: the connection it belongs to.
        reason: one line for people.
        refused: the broker said no (password, ACL): trying again soon will not help.
    """

    generation: int
    reason: str
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """PUBACK for one publish of QoS 1; for QoS 0: it was written to the network.

    Attributes:
        generation: the connection it belongs to.
        token: what `Publisher.publish` returned.
        reason_code: MQTT 5 reason code, a failure from 0x80 on; 0 (success) under 3.1.1, which cannot tell.
    """

    generation: int
    token: int
    reason_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """SUBACK: the broker's answer to one subscription.

    Attributes:
        generation: the connection it belongs to.
        topic: the filter asked for.
        reason_code: the QoS granted, or a failure from 0x80 on; 3.1.1 knows only 0x80.
    """

    generation: int
    topic: str
    reason_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message on a topic that was subscribed to.

    Attributes:
        generation: the connection it came by.
        topic: full name.
        payload: as sent.
        retain: the broker kept it, or (under MQTT 5) whoever sent it just now asked the broker to.
        response_topic: where an answer is wanted (MQTT 5).
        correlation_data: to be given back with the answer (MQTT 5).
    """

    generation: int
    topic: str
    payload: bytes
    retain: bool
    response_topic: str | None = None
    correlation_data: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signalled:
    """The operating system asked for something: `SIGTERM`, `SIGINT` or `SIGHUP` by number."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAsked:
    """Somebody on this machine wants to know how the daemon is.

    Attributes:
        answer: takes the report as JSON; called on the owner thread, so it must not block.
    """

    answer: Callable[[bytes], None]


Notice = Connected | Disconnected | Acknowledged | Subscribed | Received | Signalled | StatusAsked
"""What other threads and signal handlers put into the owner thread's inbox; they touch nothing else."""


class Publisher(Protocol):
    """A connection to an MQTT broker. Everything that happens later arrives as a notice in the inbox it was built with.

    At most one connection at a time; each `connect` uses a fresh client, so that nothing of an older one is sent again.
    """

    @property
    def discarded(self) -> int:
        """Received messages that were thrown away unread, because too many notices waited in the inbox."""
        ...

    def connect(self, *, will: Message | None) -> int:
        """Begin to connect and return the connection's generation; the outcome comes as a notice.

        Never blocks on the network. A connection under way is dropped first.
        """
        ...

    def publish(self, message: Message) -> int:
        """Hand one message to the connection and return the token its `Acknowledged` will carry.

        Raises:
            PublishError: with `retry=True` when there is no connection; with `retry=False` when the message can never
                be sent (larger than the broker's maximum packet size, an invalid topic).
        """
        ...

    def subscribe(self, topic: str) -> None:
        """Receive messages of a topic filter on this connection; lost with it. The broker's answer is `Subscribed`.

        Raises:
            PublishError: with `retry=True` when there is no connection.
        """
        ...

    def disconnect(self, *, timeout: float) -> None:
        """Send what is under way (at most `timeout` seconds), then DISCONNECT; harmless when not connected."""
        ...
