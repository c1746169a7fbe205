"""Whether every number of a trap arrived, or is explained by a count: pure, from the evidence alone."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from support.soak.evidence import Stored
from support.soak.gaps import Gaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from support.soak.evidence import Evidence
    from support.soak.reading import Message
    from support.soak.verdict import Verdict

MOST_RESERVED = 2304
"""Numbers that a process goes past which cannot read how many were reserved."""
SINCE_1970 = 10**12
"""Where neither file knows what was used, numbers go on from the milliseconds since then."""
_MOST_GAPS = 20


def judge_numbers(evidence: Evidence, first: Iterable[Message], verdict: Verdict) -> None:
    """Every number up to the highest arrived, or is explained by a count."""
    last = next((life.stored for life in reversed(evidence.lives) if life.stored is not None), Stored())
    arrived = {message.seq for message in first}
    missing = Gaps.between(arrived, last=max([last.last_seq, *arrived]))
    verdict.waiting = missing.take(last.waiting)
    verdict.skipped = sum(missing.take_all(skipped) for skipped in _skipped(evidence, arrived))
    waited = {number for payloads in explained(evidence) for number in payloads}
    verdict.on_damaged_pages = missing.take(waited - last.dead.keys())
    dead = missing.take(last.dead)
    names = ("dropped_", "expired_", "dead_letter_")
    counts = sum(count for name, count in last.counters.items() if name.startswith(names))
    verdict.counted = min(counts, dead + len(missing))
    verdict.missing = max(dead + len(missing) - counts, 0)
    verdict.gaps = [f"seq {number}" for number in missing.first(min(verdict.missing, _MOST_GAPS))]


def _skipped(evidence: Evidence, arrived: set[int]) -> Iterator[range]:
    """Numbers a process went past at its start, because nobody could know which were used, and counted that."""
    last, rescues, reserved, damaged = 0, 0, 0, False
    for life in evidence.lives:
        damaged = damaged or life.damaged
        after = life.stored
        if after is None:
            continue
        if damaged or after.counters.get("rescues", 0) != rescues:
            yield range(last + 1, _jump(last, reserved, after, arrived=arrived, damaged=damaged) + 1)
        # A process that was killed before it opened the outbox leaves damage to the next, which may know less.
        damaged = damaged and after.last_seq <= last
        last, reserved = max(last, after.last_seq), max(reserved, after.reserved)
        rescues = after.counters.get("rescues", 0)


def _jump(last: int, reserved: int, after: Stored, *, arrived: set[int], damaged: bool) -> int:
    """Up to where a process jumped, of the three places there are; what came from below was not jumped past."""
    given = {*arrived, *after.waiting}
    high = [number for number in {*given, after.last_seq} if number > reserved]
    lowest = min(high, default=0)
    if damaged and lowest >= SINCE_1970 > last:
        return lowest - (lowest in given)
    unknown = last + MOST_RESERVED
    return unknown if damaged and lowest >= unknown else reserved


def explained(evidence: Evidence) -> Iterator[dict[int, bytes]]:
    """Payloads of dead letters, and of what waited in a database that was then damaged."""
    waited: dict[int, bytes] = {}
    for life, following in zip_longest(evidence.lives, evidence.lives[1:]):
        if life.stored is not None:
            waited |= life.stored.waiting
            yield life.stored.dead
        if following is not None and following.damaged:
            yield dict(waited)
