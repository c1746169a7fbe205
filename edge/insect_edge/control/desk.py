"""Where commands arrive: obeyed or refused, and always answered."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from insect_edge.control.rate import Allowance
from insect_edge.control.requests import Command, Refusal, ReplyTo, Request, decide
from insect_edge.errors import InsectEdgeError, PublishError
from insect_edge.mqtt import home_assistant, replies
from insect_edge.mqtt.replies import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from insect_edge.domain import Frame, Message
    from insect_edge.mqtt.topics import Topics
    from insect_edge.protocols import Clock, Publisher, Received
    from insect_edge.relay.relay import Relay

CAPTURE_SECONDS = 10.0
"""Longest a picture is waited for: then the answer is that there is none."""
LOOK_AGAIN_SECONDS = 0.5
"""Between two looks for a picture that is none of an old one."""
MOST_WAITING = 32
"""Messages kept until the next frame is through; a flood beyond that is dropped unread."""
BURST = 5
EVERY_SECONDS = 2.0
"""Commands obeyed at once, and one more so often; refusals have an allowance of the same size for their answers."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """What the daemon can do when asked; each is done in the owner thread, between two frames.

    Attributes:
        picture: makes the snapshot message of a frame.
        camera_lost: why there are no frames; None while there are.
        test_alert: stores one and says which.
        reload: reads the configuration again.
        status: the health report, as its payload says it.
    """

    picture: Callable[[Frame], Message]
    camera_lost: Callable[[], str | None]
    test_alert: Callable[[], Mapping[str, Any]]
    reload: Callable[[], Outcome]
    status: Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How the desk behaves.

    Attributes:
        topics: of this device.
        boot_id: which boot monotonic times belong to.
        closed_roots: first levels of topics below which nothing is answered.
        home_assistant: where Home Assistant says that it has started; None where it is not told of us.
    """

    topics: Topics
    boot_id: str
    closed_roots: tuple[str, ...] = ()
    home_assistant: str | None = None


class Desk:
    """Owned by the thread that looks: `hear` while it handles notices, `work` between two frames.

    Args:
        manners: see there.
        clock: the time.
        publisher: answers go straight to the connection: a later one knows nothing of the question.
        relay: takes pictures and Home Assistant's description.
        actions: what can be done.

    Attributes:
        description: makes what Home Assistant is told of this device; None where it is not.
    """

    def __init__(self, manners: Manners, *, clock: Clock, publisher: Publisher, relay: Relay, actions: Actions) -> None:
        self._manners = manners
        self._clock = clock
        self._publisher = publisher
        self._relay = relay
        self._actions = actions
        self._heard: deque[Received] = deque()
        self._obeying = Allowance(burst=BURST, every=EVERY_SECONDS)
        self._refusing = Allowance(burst=BURST, every=EVERY_SECONDS)
        self._pictures: list[tuple[float, ReplyTo]] = []
        self._look_at = clock.monotonic()
        self._copies = False
        self.description: Callable[[], Message] | None = None

    @property
    def wants_frame(self) -> bool:
        """Whether somebody waits for a picture, and it is time to look for one."""
        return bool(self._pictures) and self._clock.monotonic() >= self._look_at

    def deadline(self) -> float | None:
        """Monotonic seconds at which somebody who waits for a picture is to be served; None while nobody waits."""
        due = [due for due, _ in self._pictures]
        due += [self._look_at] if due and not self.wants_frame else []
        return min(due, default=None)

    def hear(self, message: Received) -> None:
        """Note a message; it is read by the next `work`."""
        if len(self._heard) < MOST_WAITING:
            self._heard.append(message)

    def reload(self) -> None:
        """The service manager asks for the configuration to be read again."""
        self._actions.reload()

    def work(self) -> None:
        """Read what was heard, and answer."""
        while self._heard:
            self._read(self._heard.popleft())
        now = self._clock.monotonic()
        late = [reply_to for due, reply_to in self._pictures if now >= due]
        if late:
            self._pictures = [(due, reply_to) for due, reply_to in self._pictures if now < due]
            copies = "shows the same picture again and again"
            found = f"the camera {copies if self._copies else 'delivers nothing'}"
            why = self._actions.camera_lost() or found
            error = f"no new frame within {CAPTURE_SECONDS:g} s: {why}"
            for reply_to in late:
                self._answer(Command.CAPTURE, reply_to, Outcome(error=error))

    def looked(self, frame: Frame, *, alive: bool) -> None:
        """Publish a frame that somebody waits for, if it shows the present: nobody shall be sent an old picture."""
        if not self._pictures:
            return
        self._copies = not alive
        if not alive:
            self._look_at = self._clock.monotonic() + LOOK_AGAIN_SECONDS
            return
        waiting, self._pictures = self._pictures, []
        try:
            picture = self._actions.picture(frame)
        except InsectEdgeError as error:
            outcome = Outcome(error=str(error))
        else:
            self._relay.set_latest(picture)
            # The picture goes before the answer that says it went.
            self._relay.pump()
            outcome = Outcome(result={"topic": picture.topic, "bytes": len(picture.payload), "frame": frame.sequence})
        for _, reply_to in waiting:
            self._answer(Command.CAPTURE, reply_to, outcome)

    def _read(self, message: Received) -> None:
        if message.topic == self._manners.home_assistant:
            self._describe(message)
            return
        decision = decide(message, topics=self._manners.topics, closed_roots=self._manners.closed_roots)
        now = self._clock.monotonic()
        if isinstance(decision, Request) and not self._obeying.take(now):
            often = f"too many commands: one every {EVERY_SECONDS:g} s, and {BURST} at once"
            decision = Refusal(name=decision.command, reply_to=decision.reply_to, error=often)
        if isinstance(decision, Request):
            self._obey(decision)
        elif self._refusing.take(now):
            _log.warning("command %s refused: %s", decision.name, decision.error)
            self._answer(decision.name, decision.reply_to, Outcome(error=decision.error))

    def _describe(self, message: Received) -> None:
        """Home Assistant has started anew; one that said so long ago knows us from the retained description."""
        if message.payload == home_assistant.BIRTH and not message.retain and self.description is not None:
            self._relay.set_latest(self.description())

    def _obey(self, request: Request) -> None:
        _log.info("command %s", request.command)
        if request.command is Command.CAPTURE:
            if not self._pictures:
                self._copies, self._look_at = False, self._clock.monotonic()
            self._pictures.append((self._clock.monotonic() + CAPTURE_SECONDS, request.reply_to))
            return
        try:
            outcome = self._done(request.command)
        except InsectEdgeError as error:
            outcome = Outcome(error=str(error))
        self._answer(request.command, request.reply_to, outcome)

    def _done(self, command: Command) -> Outcome:
        match command:
            case Command.TEST_ALERT:
                return Outcome(result=self._actions.test_alert())
            case Command.RELOAD:
                return self._actions.reload()
            case _:
                return Outcome(result=self._actions.status())

    def _answer(self, command: str, reply_to: ReplyTo, outcome: Outcome) -> None:
        message = replies.reply(
            outcome,
            command=command,
            topic=reply_to.topic,
            request_id=reply_to.request_id,
            correlation_data=reply_to.correlation_data,
            at=self._clock.moment(),
            boot_id=self._manners.boot_id,
            device_id=self._manners.topics.device_id,
        )
        try:
            self._publisher.publish(message)
        except PublishError as error:
            _log.info("command %s: the answer could not be sent: %s", command, error)
