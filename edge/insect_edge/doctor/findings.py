"""What one check found, and how it is said."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NAME_WIDTH = 16


class Level(enum.StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"
    SKIPPED = "skipped"


_MARKS = {Level.OK: "ok", Level.WARNING: "WARNING", Level.FAILURE: "FAILED", Level.SKIPPED: "-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report.

    Attributes:
        check: what was looked at, in one word.
        level: how bad it is.
        text: what was found.
        remedy: what to do about it; None where nothing is to be done.
        facts: the same for programs; JSON values.
    """

    check: str
    level: Level
    text: str
    remedy: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def good(check: str, text: str, **facts: Any) -> Finding:
    """Nothing to be done."""
    return Finding(check=check, level=Level.OK, text=text, facts=facts)


def warning(check: str, text: str, remedy: str, **facts: Any) -> Finding:
    """It works, yet somebody should look after it."""
    return Finding(check=check, level=Level.WARNING, text=text, remedy=remedy, facts=facts)


def failure(check: str, text: str, remedy: str | None, **facts: Any) -> Finding:
    """It does not work; without a remedy of its own where the text ends in one, as our errors do."""
    return Finding(check=check, level=Level.FAILURE, text=text, remedy=remedy, facts=facts)


def skipped(check: str, text: str, **facts: Any) -> Finding:
    """It was not looked at, and why."""
    return Finding(check=check, level=Level.SKIPPED, text=text, facts=facts)


def failed(findings: Iterable[Finding]) -> bool:
    """Whether anything does not work; warnings do not count."""
    return any(finding.level is Level.FAILURE for finding in findings)


def line(finding: Finding) -> str:
    """`FAILED  picture         no picture within 10 s: check its cable`, whatever strange letters a fact has in it."""
    said = finding.text if finding.remedy is None else f"{finding.text}: {finding.remedy}"
    # Nobody may steer the reader's terminal with a name, and one finding is one line.
    said = "".join(letter if letter.isprintable() else " " for letter in said)
    return f"{_MARKS[finding.level]:<8}{finding.check:<{_NAME_WIDTH}}{' '.join(said.split())}"


def summary(findings: Iterable[Finding]) -> str:
    """`9 checks well, 2 warnings, 1 failure, 1 not checked`."""
    levels = [finding.level for finding in findings]
    counted = {level: levels.count(level) for level in Level}
    words = [f"{counted[Level.OK]} well"]
    for level, noun in ((Level.WARNING, "warning"), (Level.FAILURE, "failure")):
        words.append(f"{counted[level]} {noun}{'' if counted[level] == 1 else 's'}")
    words += [f"{counted[Level.SKIPPED]} not checked"] if counted[Level.SKIPPED] else []
    return ", ".join(words)


def as_json(findings: Iterable[Finding]) -> dict[str, Any]:
    """The whole report for programs."""
    listed = [
        {
            "check": finding.check,
            "level": str(finding.level),
            "text": finding.text,
            "remedy": finding.remedy,
            "facts": dict(finding.facts),
        }
        for finding in findings
    ]
    return {"ok": not any(entry["level"] == Level.FAILURE for entry in listed), "findings": listed}
