"""What became of everything a trap saw: pure, from the evidence alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.soak import reading
from support.soak.faults import BLIND, Fault
from support.soak.numbers import explained, judge_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from support.soak.evidence import Evidence, Life, Sample, Stored
    from support.soak.reading import Fact, Message

LONG_LIFE_SECONDS = 45.0
"""Processes that lived so long are worth a look at their memory."""
_LINE_SECONDS = 1.0
"""By which a line may be read later than it was written, on a busy machine."""
_SETTLED_SECONDS = 15.0
"""After its start a process has all it needs."""
_RECOVERS_SECONDS = 10.0
"""The outbox tries every few seconds whether there is room again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """A camera that showed nothing, and for how long the daemon said it was well all the same."""

    fault: Fault
    seconds: float
    healthy: float
    allowed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LongLife:
    """A process that lived long: what it took soon after its start, and in the end."""

    seconds: float
    first: Sample
    last: Sample


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What there is to say of one trap; the last six are what must not be.

    Attributes:
        lane: its name.
        faults: how many of each.
        lives: how its processes ended.
        events: started, as its log, its outbox or its messages say.
        delivered: of those, how many the subscriber knows.
        messages: different detections and alerts that arrived.
        repeats: arrivals beyond those.
        memory_alone: facts that only memory held when the process was killed on a full disk.
        on_damaged_pages: messages that waited in a database that was damaged, and could not be salvaged.
        counted: missing messages that the trap itself counts as dropped, expired or dead letters.
        skipped: numbers that were never given out, after a rescue that is counted.
        blind: every fault of the camera that took its sight.
        long_lives: of processes.
        written_bytes: to block devices, by all processes together, where the kernel was asked in time.
        waiting: messages that wait still.
        lost: facts that never arrived, though nothing explains it.
        missing: numbers that never arrived, though nothing explains it.
        gaps: the first of them.
        differing: message_ids that came with different bytes.
        disordered: messages that came after a later one of their kind.
        invented: facts that came under two numbers.
        broken: tracebacks, exit codes that nothing explains, signals not heeded, times that
            cannot be, and health reports that see with a blind camera.
    """

    lane: str
    faults: Counter[str] = field(default_factory=Counter)
    lives: Counter[str] = field(default_factory=Counter)
    events: int = 0
    delivered: int = 0
    messages: int = 0
    repeats: int = 0
    memory_alone: Counter[str] = field(default_factory=Counter)
    on_damaged_pages: int = 0
    counted: int = 0
    skipped: int = 0
    blind: list[Blind] = field(default_factory=list)
    long_lives: list[LongLife] = field(default_factory=list)
    written_bytes: int = 0
    waiting: int = 0
    missing: int = 0
    lost: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def overlong(self) -> list[Blind]:
        """Faults of the camera that were told as health for too long."""
        return [blind for blind in self.blind if blind.healthy > blind.allowed]

    @property
    def good(self) -> bool:
        """Whether nothing was lost, invented or told wrongly."""
        wrong = (self.lost, self.gaps, self.differing, self.disordered, self.invented, self.broken, self.overlong)
        return not any(wrong) and not self.waiting and not self.missing


def judge(evidence: Evidence) -> Verdict:
    """The verdict on one trap; before it has settled, what is under way passes for lost."""
    verdict = Verdict(lane=evidence.lane)
    first = _first_arrivals(evidence, verdict)
    _judge_order(first, verdict)
    _judge_facts(evidence, first, verdict)
    judge_numbers(evidence, first, verdict)
    reports = [arrival.payload for arrival in evidence.arrivals if arrival.topic.endswith("/health")]
    claims = [claim for report in reports if (claim := reading.claims(report)) is not None]
    for life in evidence.lives:
        _judge_end(life, evidence, verdict)
        _judge_sight(life, evidence, verdict, claims=claims)
        _judge_needs(life, verdict)
    verdict.faults.update(inflicted.fault.value for inflicted in evidence.inflicted)
    return verdict


def _first_arrivals(evidence: Evidence, verdict: Verdict) -> list[Message]:
    """Each message once, in the order of arrival."""
    payloads: dict[str, bytes] = {}
    found: list[Message] = []
    for arrival in evidence.arrivals:
        message = reading.message(arrival.payload)
        if message is None:
            continue
        before = payloads.get(message.message_id)
        if before is None:
            payloads[message.message_id] = arrival.payload
            found.append(message)
            continue
        verdict.repeats += 1
        if before != arrival.payload:
            verdict.differing.append(f"{message.message_id}: {before.decode()} and {arrival.payload.decode()}")
    verdict.messages = len(found)
    verdict.broken += [f"{each.message_id} tells the time {each.impossible}" for each in found if each.impossible]
    return found


def _judge_order(first: Iterable[Message], verdict: Verdict) -> None:
    highest: Counter[str] = Counter()
    for message in first:
        if message.seq < highest[message.kind]:
            verdict.disordered.append(f"{message.kind} {message.seq} after {highest[message.kind]}")
        highest[message.kind] = max(highest[message.kind], message.seq)


def _judge_facts(evidence: Evidence, first: list[Message], verdict: Verdict) -> None:
    """Every start, end and alert that was logged or stored arrived, once."""
    arrived = Counter(message.fact for message in first if message.fact[0] != "update")
    verdict.invented = [
        f"{what} of event {event}: {count} numbers" for (what, event), count in arrived.items() if count > 1
    ]
    logged = {fact: (life, at) for life in evidence.lives for at, fact in reading.facts(life)}
    stored = {fact for life in evidence.lives for fact in _facts_of(life.stored)}
    known = {event for what, event in {*logged, *stored, *arrived} if what == "start"}
    verdict.events = len(known)
    verdict.delivered = sum(("start", event) in arrived for event in known)
    known_lost = {fact for payloads in explained(evidence) for fact in _told(payloads)}
    for fact, (life, at) in logged.items():
        if fact in arrived or fact in known_lost:
            continue
        if _in_memory_alone(life, at, evidence):
            verdict.memory_alone[fact[0]] += 1
        else:
            verdict.lost.append(
                f"{fact[0]} of event {fact[1]}, logged {at - life.started:.2f} s into a life that ended: {life.ending}"
            )


def _facts_of(stored: Stored | None) -> Iterator[Fact]:
    if stored is not None:
        yield from _told(stored.waiting)


def _told(payloads: dict[int, bytes]) -> Iterator[Fact]:
    for payload in payloads.values():
        message = reading.message(payload)
        if message is not None:
            yield message.fact


def _in_memory_alone(life: Life, at: float, evidence: Evidence) -> bool:
    """Whether it was told on a full disk by a process that ended before there was room again."""
    for inflicted in evidence.inflicted:
        if inflicted.fault is Fault.DISK_FULL and inflicted.at - 1 <= at:
            recovered = [line.at for line in life.lines if line.at >= at and line.text.endswith("outbox: well again")]
            over = min([inflicted.until + _RECOVERS_SECONDS, *recovered])
            if at <= over and life.ended <= over:
                return True
    return False


def _judge_end(life: Life, evidence: Evidence, verdict: Verdict) -> None:
    if life.ending != "runs":
        verdict.lives[life.ending] += 1
    said = life.lines[-1].text if life.lines else "without a word"
    # Where nothing was ever stored and nothing can be, no number is safe: the service manager tries again.
    before = [other for other in evidence.lives if other.ended <= life.ended]
    never = "the disk is full" in said and all(other.stored is None for other in before)
    if not never and ("," in life.ending or not life.ending.startswith(("SIG", "runs"))):
        verdict.broken.append(f"ended {life.ending}: {said}")
    verdict.broken += [line.text for line in life.lines if "Traceback" in line.text]


def _judge_sight(life: Life, evidence: Evidence, verdict: Verdict, *, claims: Sequence[float]) -> None:
    """What the log and the health topic say while the camera shows nothing."""
    allowed = 2 * evidence.stall_seconds
    for breakdown in reading.breakdowns(life):
        begin, end = breakdown.begin, breakdown.end
        verdict.faults[breakdown.fault.value] += 1
        if breakdown.fault not in BLIND or end <= begin:
            continue
        healthy = reading.healthy_seconds(life, begin=begin, end=end)
        verdict.blind.append(Blind(fault=breakdown.fault, seconds=end - begin, healthy=healthy, allowed=allowed))
        late = [claim for claim in claims if begin + allowed < claim < end - _LINE_SECONDS]
        verdict.broken += [f"{breakdown.fault} for {claim - begin:.1f} s, and the health topic sees" for claim in late]


def _judge_needs(life: Life, verdict: Verdict) -> None:
    if not life.samples:
        return
    verdict.written_bytes += life.samples[-1].written_bytes
    settled = [sample for sample in life.samples if sample.at - life.started >= _SETTLED_SECONDS]
    seconds = life.samples[-1].at - life.started
    if settled and seconds >= LONG_LIFE_SECONDS:
        verdict.long_lives.append(LongLife(seconds=seconds, first=settled[0], last=settled[-1]))
