"""How a finding is said."""

from __future__ import annotations

from insect_edge.doctor.findings import Level, as_json, failed, failure, good, line, skipped, summary, warning

FOUND = [
    good("disk", "3 GiB free"),
    warning("clock", "not set", "wait"),
    failure("picture", "none\nwithin 5 s", "check\x1b[2J its cable", seconds=5),
    failure("login", "no: correct it", None),
    skipped("supply", "nobody tells"),
]


def test_a_finding_is_one_line_with_its_remedy() -> None:
    """Line breaks and control characters of whatever was found never reach the terminal."""
    assert line(FOUND[0]) == "ok      disk            3 GiB free"
    assert line(FOUND[2]) == "FAILED  picture         none within 5 s: check [2J its cable"
    assert line(FOUND[3]) == "FAILED  login           no: correct it"


def test_warnings_do_not_fail() -> None:
    """Only what does not work makes the exit code 1."""
    assert failed(FOUND)
    assert not failed([finding for finding in FOUND if finding.level is not Level.FAILURE])


def test_the_summary_counts() -> None:
    """Each level has its number, and what was not looked at is not passed over."""
    assert summary(FOUND) == "1 well, 1 warning, 2 failures, 1 not checked"
    assert summary([]) == "0 well, 0 warnings, 0 failures"


def test_programs_get_the_same() -> None:
    """As JSON a finding has its level, its words and its facts."""
    report = as_json(FOUND)
    assert report["ok"] is False
    assert report["findings"][2] == {
        "check": "picture",
        "level": "failure",
        "text": "none\nwithin 5 s",
        "remedy": "check\x1b[2J its cable",
        "facts": {"seconds": 5},
    }
    assert as_json(FOUND[:2])["ok"] is True
