"""The verdicts as a table for people and as plain values for programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from support.soak.verdict import Verdict

_MOST_EXAMPLES = 5
_COUNTS: tuple[tuple[str, Callable[[Verdict], int]], ...] = (
    ("faults", lambda verdict: verdict.faults.total()),
    ("processes", lambda verdict: verdict.lives.total()),
    ("events generated", lambda verdict: verdict.events),
    ("events delivered", lambda verdict: verdict.delivered),
    ("messages delivered", lambda verdict: verdict.messages),
    ("  delivered again, the same bytes", lambda verdict: verdict.repeats - len(verdict.differing)),
    ("messages that wait still", lambda verdict: verdict.waiting),
    ("counted by the trap: dropped, expired, dead letters", lambda verdict: verdict.counted),
    ("on damaged pages that could not be read", lambda verdict: verdict.on_damaged_pages),
    ("numbers skipped by counted rescues", lambda verdict: verdict.skipped),
    ("starts and ends that memory alone held at the end", lambda verdict: _other_than_alerts(verdict.memory_alone)),
    ("alerts that memory alone held at the end", lambda verdict: verdict.memory_alone["alert"]),
    ("LOST: starts, ends, alerts that nothing explains", lambda verdict: len(verdict.lost)),
    ("LOST: numbers that no count explains", lambda verdict: verdict.missing),
    ("message_ids with differing content", lambda verdict: len(verdict.differing)),
    ("out of order within alerts, within detections", lambda verdict: len(verdict.disordered)),
    ("told twice under different numbers", lambda verdict: len(verdict.invented)),
    ("tracebacks, unexplained ends, impossible claims", lambda verdict: len(verdict.broken)),
    ("camera blind, times", lambda verdict: len(verdict.blind)),
    ("  and told as health for too long, times", lambda verdict: len(verdict.overlong)),
)


def _other_than_alerts(facts: Counter[str]) -> int:
    return facts.total() - facts["alert"]


def table(verdicts: Sequence[Verdict]) -> str:
    """Everything that is counted, by trap; what else there is to say in lines below."""
    names = [verdict.lane for verdict in verdicts]
    faults = sorted({fault for verdict in verdicts for fault in verdict.faults})
    rows = [(f"  {fault}", [verdict.faults[fault] for verdict in verdicts]) for fault in faults]
    counts = [(label, [count(verdict) for verdict in verdicts]) for label, count in _COUNTS]
    rows = [counts[0], *rows, *counts[1:]]
    width = max(len(label) for label, _ in rows)
    cell = max(9, *(len(str(sum(numbers))) for _, numbers in rows))
    lines = [" ".join([" " * width, *(f"{name:>{cell}}" for name in [*names, "together"])])]
    lines += [
        " ".join([f"{label:{width}}", *(f"{number:{cell}}" for number in [*numbers, sum(numbers)])])
        for label, numbers in rows
    ]
    return "\n".join([*lines, *_words(verdicts)])


def _words(verdicts: Sequence[Verdict]) -> list[str]:
    lines = []
    for verdict in verdicts:
        lines.append(f"{verdict.lane}: {verdict.written_bytes / 1e6:.1f} MB written")
        if verdict.blind:
            worst = max(verdict.blind, key=lambda blind: blind.healthy - blind.allowed)
            total = sum(blind.healthy for blind in verdict.blind)
            blind = sum(blind.seconds for blind in verdict.blind)
            lines.append(
                f"  camera blind for {blind:.0f} s, told as health for {total:.0f} s of them, at most "
                f"{worst.healthy:.1f} s in one fault ({worst.fault}; {worst.allowed:g} s allowed)"
            )
        lines += [_life(verdict)] if verdict.long_lives else []
        for what in ("lost", "gaps", "differing", "disordered", "invented", "broken", "overlong"):
            lines += [f"  {what}: {example}" for example in getattr(verdict, what)[:_MOST_EXAMPLES]]
    return lines


def _life(verdict: Verdict) -> str:
    longest = max(verdict.long_lives, key=lambda life: life.seconds)
    first, last = longest.first, longest.last
    return (
        f"  longest process: {longest.seconds:.0f} s, memory {first.resident_mebibytes:.1f} → "
        f"{last.resident_mebibytes:.1f} MiB, open files {first.descriptors} → {last.descriptors}"
    )


def values(verdicts: Sequence[Verdict], *, seed: int, seconds: float, finished: bool) -> dict[str, Any]:
    """The same for a file."""
    faults: Counter[str] = Counter()
    for verdict in verdicts:
        faults.update(verdict.faults)
    return {
        "seed": seed,
        "seconds": round(seconds),
        "finished": finished,
        "good": all(verdict.good for verdict in verdicts),
        "faults": dict(sorted(faults.items())),
        "together": {label.strip(): sum(count(verdict) for verdict in verdicts) for label, count in _COUNTS},
        "traps": [_plain(verdict) for verdict in verdicts],
    }


def _plain(verdict: Verdict) -> dict[str, Any]:
    # `asdict` makes a counter of pairs of a counter.
    names = ("faults", "lives", "memory_alone")
    counted = {name: dict(getattr(verdict, name)) for name in names}
    return {**asdict(replace(verdict, **{name: Counter() for name in names})), **counted, "good": verdict.good}
