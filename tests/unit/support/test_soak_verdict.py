"""The verdict on a soak sees what was lost, changed, swapped, invented or told as health, and what explains a gap."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.soak.evidence import Arrival, Evidence, Inflicted, Life, Line, Sample, Stored
from support.soak.faults import Fault
from support.soak.table import table, values
from support.soak.verdict import Verdict, judge

EVENT, OTHER = "e" * 32, "f" * 32


def payload(seq: int, phase: str = "start", *, event: str = EVENT, **more: Any) -> bytes:
    """A detection, or with `alert_seq` an alert."""
    content = {"seq": seq, "message_id": f"trap-{seq}", "phase": phase, "event_id": event, **more}
    return json.dumps(content).encode()


def arrival(content: bytes) -> Arrival:
    """At the subscriber."""
    return Arrival(at=5.0, topic="t/detection", payload=content)


def life(*lines: str, stored: Stored | None = None, **more: Any) -> Life:
    """From second 0 to second 100, a line each second."""
    found = Life(started=0.0, ended=100.0, ending="SIGTERM", stored=stored, **more)
    found.lines = [Line(at=1.0 + number, text=text) for number, text in enumerate(lines)]
    return found


def verdict(*lives: Life, arrived: tuple[bytes, ...] = (), inflicted: tuple[Inflicted, ...] = ()) -> Verdict:
    """On a trap with these processes and these messages."""
    return judge(
        Evidence(
            lane="trap",
            stall_seconds=3.0,
            lives=list(lives),
            arrivals=[arrival(content) for content in arrived],
            inflicted=list(inflicted),
        )
    )


STARTED = f"INFO event start: slug 0.90, 2 of 2 frames ({EVENT})"
ENDED = f"INFO event end: slug 0.90, 4 of 9 frames ({EVENT})"
ALERTED = f"WARNING alert: slug 0.90 ({EVENT})"
WHOLE = (payload(1), payload(2, alert_seq=1), payload(3, "end"))


def test_what_arrived_once_and_in_order_is_good() -> None:
    """Every fact of the log has its message, and every number its arrival."""
    found = verdict(life(STARTED, ALERTED, ENDED, stored=Stored(last_seq=3, reserved=256)), arrived=WHOLE)
    assert found.good
    assert (found.events, found.delivered, found.messages, found.repeats) == (1, 1, 3, 0)


def test_a_repeat_with_the_same_bytes_is_good() -> None:
    """It is counted, and that is all."""
    found = verdict(life(STARTED, stored=Stored(last_seq=3)), arrived=(*WHOLE, WHOLE[1]))
    assert found.good
    assert found.repeats == 1


def test_a_repeat_with_other_bytes_is_told() -> None:
    """With both, so that one sees what changed."""
    found = verdict(life(stored=Stored(last_seq=3)), arrived=(*WHOLE, payload(1, score=0.5)))
    assert not found.good
    (line,) = found.differing
    assert "trap-1" in line
    assert '"score": 0.5' in line


@pytest.mark.parametrize("logged", [STARTED, ALERTED, ENDED])
def test_a_fact_that_never_arrived_is_lost(logged: str) -> None:
    """Although no number is missing: it never got one."""
    found = verdict(life(logged, stored=Stored(last_seq=0)))
    assert not found.good
    assert len(found.lost) == 1
    assert found.events == (logged == STARTED)


def test_a_missing_number_is_lost() -> None:
    """Even where the log does not tell what it was."""
    found = verdict(life(stored=Stored(last_seq=3)), arrived=WHOLE[:2])
    assert found.gaps == ["seq 3"]
    assert not found.good


@pytest.mark.parametrize("name", ["dropped_detection", "expired_alert", "dead_letter_detection"])
def test_a_count_explains_a_missing_number(name: str) -> None:
    """One for each; one more is lost."""
    for last, gaps in ((4, 0), (5, 1)):
        found = verdict(life(stored=Stored(last_seq=last, counters={name: 1})), arrived=WHOLE)
        assert (found.counted, len(found.gaps)) == (1, gaps)


def test_what_waits_still_is_not_delivered() -> None:
    """It is no gap, but no good end either."""
    found = verdict(life(stored=Stored(last_seq=4, waiting={4: payload(4, "end", event=OTHER)})), arrived=WHOLE)
    assert (found.waiting, found.gaps, found.good) == (1, [], False)


def test_messages_out_of_order_within_their_kind_are_told() -> None:
    """Alerts may overtake detections, nobody else anybody."""
    assert verdict(life(stored=Stored(last_seq=3)), arrived=(WHOLE[1], WHOLE[0], WHOLE[2])).good
    found = verdict(life(stored=Stored(last_seq=3)), arrived=(WHOLE[2], WHOLE[1], WHOLE[0]))
    assert found.disordered == ["detection 1 after 3"]


def test_an_alert_under_two_numbers_is_invented() -> None:
    """One event has one alert, one start and one end."""
    found = verdict(life(stored=Stored(last_seq=4)), arrived=(*WHOLE, payload(4, alert_seq=2)))
    assert len(found.invented) == 1
    assert not found.good


def test_what_waited_in_a_damaged_database_is_explained() -> None:
    """Its numbers and its facts, where the next process found the damage; and the numbers it went past."""
    before = Stored(last_seq=4, reserved=256, waiting={4: payload(4, event=OTHER)})
    after = Stored(last_seq=257, reserved=512, counters={"rescues": 1})
    lost = f"INFO event start: slug 0.90, 2 of 2 frames ({OTHER})"
    lives = (life(STARTED, lost, stored=before), life(damaged=True, stored=after))
    found = verdict(*lives, arrived=(*WHOLE, payload(257, "update")))
    assert found.good
    assert (found.on_damaged_pages, found.skipped) == (1, 252)
    undamaged = (lives[0], life(stored=after))
    assert len(verdict(*undamaged, arrived=(*WHOLE, payload(257, "update"))).lost) == 1


def test_damage_that_a_killed_process_did_not_find_is_explained_too() -> None:
    """The next one finds it, and what that one goes past is told by no count of its own."""
    before = Stored(last_seq=3, reserved=256, counters={"rescues": 1})
    lives = (
        life(stored=before),
        life(damaged=True, stored=None),
        life(stored=Stored(last_seq=257, counters={"rescues": 1})),
    )
    assert verdict(*lives, arrived=(*WHOLE, payload(257, "update"))).good


def test_what_was_used_before_damage_is_not_skipped() -> None:
    """Not even where the next process was killed before it found out, and its database knows less than before."""
    before = Stored(last_seq=4, reserved=256, waiting={4: payload(4, event=OTHER)})
    older, after = Stored(last_seq=2, reserved=256), Stored(last_seq=257, reserved=512, counters={"rescues": 1})
    lives = (life(stored=before), life(damaged=True, stored=older), life(stored=after))
    found = verdict(*lives, arrived=(*WHOLE, payload(257, "update")))
    assert (found.on_damaged_pages, found.skipped, found.gaps) == (1, 252, [])


def test_a_number_that_was_lost_later_is_not_skipped() -> None:
    """A process that jumped to where numbers were reserved has not jumped past what it gave out itself."""
    after = Stored(last_seq=259, reserved=512, counters={"rescues": 1})
    lives = (life(stored=Stored(last_seq=3, reserved=256)), life(damaged=True, stored=after))
    found = verdict(*lives, arrived=(*WHOLE, payload(257, "update"), payload(259, "update")))
    assert (found.skipped, found.gaps) == (253, ["seq 258"])
    nothing = Stored(last_seq=2307, reserved=2307, counters={"rescues": 1})
    found = verdict(lives[0], life(damaged=True, stored=nothing), arrived=WHOLE)
    assert (found.skipped, found.gaps) == (2304, [])
    unknown = Stored(last_seq=2308, reserved=2600, counters={"rescues": 1})
    lives = (lives[0], life(damaged=True, stored=unknown))
    found = verdict(*lives, arrived=(*WHOLE, payload(2308, "update")))
    assert (found.skipped, found.gaps) == (2304, [])


def test_numbers_that_go_on_from_the_time_are_skipped() -> None:
    """A trillion of them, where neither of two damaged files knew what was used."""
    first = 1_795_000_000_000
    after = Stored(last_seq=first, reserved=first + 255, counters={"rescues": 1})
    lives = (life(stored=Stored(last_seq=3, reserved=256)), life(damaged=True, stored=after))
    found = verdict(*lives, arrived=(*WHOLE, payload(first, "update")))
    assert found.good
    assert found.skipped == first - 4
    assert verdict(lives[0], life(stored=after), arrived=(*WHOLE, payload(first, "update"))).missing


def test_memory_alone_explains_what_a_killed_process_could_not_store() -> None:
    """Only on a full disk, and only until there was room again."""
    full = Inflicted(fault=Fault.DISK_FULL, at=0.0, until=200.0)
    found = verdict(life(STARTED, stored=Stored()), inflicted=(full,))
    assert found.good
    assert found.memory_alone.total() == 1
    assert verdict(life(STARTED, "INFO outbox: well again", stored=Stored()), inflicted=(full,)).lost
    assert verdict(life(STARTED, stored=Stored())).lost


def test_a_frozen_camera_may_be_told_as_health_for_so_long() -> None:
    """Twice the patience of the stall deadline, counted from the first frozen frame."""
    frozen = "INFO simulated:rush: frozen on purpose, from frame 30 to frame 329"
    for failed_at, overlong in ((8.0, 0), (8.5, 1)):
        trap = life("INFO health: ready", frozen, stored=Stored())
        trap.lines.append(Line(at=failed_at, text="INFO health: failed: stalled"))
        found = verdict(trap)
        assert [blind.healthy for blind in found.blind] == [pytest.approx(failed_at - 2.0)]
        assert len(found.overlong) == overlong
        assert found.faults == {Fault.FROZEN.value: 1}
    black = frozen.replace("frozen", "black")
    assert not verdict(life("INFO health: ready", black, stored=Stored())).blind


def test_a_health_report_that_sees_with_a_blind_camera_is_told() -> None:
    """By its own stamp, however late it arrives; before the patience is over it may."""
    trap = life("INFO health: failed: stalled", "INFO simulated:rush: hang on purpose, from frame 0 to frame 599")
    over = life("INFO health: failed: stalled", "INFO simulated:rush: hang on purpose, from frame 0 to frame 599")
    over.lines.append(Line(at=8.4, text="INFO simulated:rush: in order again"))
    for monotonic, state, wrong in ((7.5, "ready", 0), (8.5, "degraded", 1), (8.5, "failed", 0), (22.5, "ready", 0)):
        report = json.dumps({"state": state, "monotonic": monotonic}).encode()
        told = Arrival(at=90.0, topic="t/health", payload=report)
        assert len(judge(Evidence(lane="t", stall_seconds=3.0, lives=[trap], arrivals=[told])).broken) == wrong
        assert not judge(Evidence(lane="t", stall_seconds=3.0, lives=[over], arrivals=[told])).broken


@pytest.mark.parametrize("ending", ["by itself, exit code 1", "SIGTERM, exit code 1", "SIGTERM, not heeded"])
def test_an_end_that_nobody_asked_for_is_broken(ending: str) -> None:
    """With the last words."""
    trap = life("INFO insect-edge", "insect-edge: no", stored=Stored())
    trap.ending = ending
    assert verdict(trap).broken == [f"ended {ending}: insect-edge: no"]


def test_tracebacks_and_impossible_times_are_broken() -> None:
    """Whatever else is well."""
    assert verdict(life("Traceback (most recent call last):", stored=Stored())).broken
    arrived = (payload(1, started="1970-01-01T00:01:00.000Z", at=None),)
    assert verdict(life(stored=Stored(last_seq=1)), arrived=arrived).broken
    arrived = (payload(1, started="2026-01-01T00:01:00.000Z", at=None),)
    assert not verdict(life(stored=Stored(last_seq=1)), arrived=arrived).broken


def test_long_lives_and_writes_are_told() -> None:
    """Memory and open files once it has settled, and in the end."""
    trap = life(stored=Stored())
    trap.samples = [
        Sample(at=at, resident_mebibytes=at, descriptors=int(at), written_bytes=int(at) * 1000)
        for at in (1.0, 20.0, 99.0)
    ]
    found = verdict(trap)
    (long,) = found.long_lives
    assert (long.first.at, long.last.at) == (20.0, 99.0)
    assert found.written_bytes == 99_000


def test_the_table_names_the_first_offenders() -> None:
    """And the file says the same in figures."""
    found = verdict(life(STARTED, stored=Stored(last_seq=3)), arrived=(*WHOLE[1:], payload(3, "end", score=1)))
    text = table([found])
    assert "lost: start of event e" in text
    assert "gaps: seq 1" in text
    assert "differing: trap-3" in text
    content = json.loads(json.dumps(values([found], seed=1, seconds=2.0, finished=True)))
    assert not content["good"]
    assert content["together"]["LOST: numbers that no count explains"] == 1
