"""Who is who from frame to frame, story by story."""

from __future__ import annotations

import pytest

from insect_edge.domain import Region
from insect_edge.sightings import Origin, Proposal, Sighting
from insect_edge.tracking.settings import TrackerSettings
from insect_edge.tracking.state import watched
from support.box_world import ASPECT
from support.track_watch import SIZE, TrackWatch, at, sighting

PATIENCE, SITTING = TrackerSettings().patience, TrackerSettings().sitting


def walk(watch: TrackWatch, *, seconds: float, speed: float = 1.0, x: float = 0.2, y: float = 0.3) -> float:
    """An animal that goes to the right at that many body lengths a second; where it is in the end."""
    for _ in range(round(seconds / watch.every)):
        x += speed * SIZE * watch.every
        watch.see(sighting(x, y))
    return x


def test_a_walker_is_one_animal() -> None:
    """It keeps its identity, and its path says where it came from, where it is and how far it went."""
    watch = TrackWatch()
    x = walk(watch, seconds=8)
    (track,) = watch.tracks.tracks
    assert track.track_id == "track-1"
    path = track.path
    assert path.first == at(0.2 + SIZE * watch.every, 0.3)
    assert path.last == at(x, 0.3)
    assert path.length == pytest.approx(x - 0.2, rel=0.1)
    assert path.seconds == pytest.approx(8 - watch.every)


@pytest.mark.parametrize("every", [1 / 30, 0.2, 1.0, 5.0])
def test_it_does_not_matter_how_many_frames_a_second_there_are(every: float) -> None:
    """The same walk is one animal from thirty frames a second to one in five seconds."""
    watch = TrackWatch(every=every)
    walk(watch, seconds=60, speed=0.25)
    assert watch.ids == ["track-1"]
    assert len(watch.tracks.tracks) == 1


def test_a_flicker_is_no_animal() -> None:
    """What is seen once or twice is forgotten; what is seen three times is confirmed."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3), times=2)
    assert watch.ids == []
    watch.see(times=2)
    assert watch.tracks.tracks == ()
    watch.see(sighting(0.5, 0.3), times=3)
    assert len(watch.ids) == 1


def test_a_gap_in_the_middle_is_bridged() -> None:
    """Out of sight for any time below the patience and seen again near by, it is the same animal."""
    for gap in (0.4, 3.0, PATIENCE - 1):
        watch = TrackWatch()
        x = walk(watch, seconds=4)
        watch.see(times=round(gap / watch.every) - 1)
        walk(watch, seconds=2, x=x + SIZE)
        assert watch.ids == ["track-1"]


def test_patience_has_an_end() -> None:
    """Unseen for so long it is gone, and what comes there then is another."""
    watch = TrackWatch()
    walk(watch, seconds=4)
    watch.see(times=round(PATIENCE / watch.every) + 1)
    assert watch.tracks.tracks == ()
    walk(watch, seconds=2)
    assert watch.ids == ["track-2"]


def test_one_that_leaves_at_the_border_is_gone_soon() -> None:
    """It is not waited for as long as one that vanishes in the middle."""
    watch = TrackWatch()
    walk(watch, seconds=4, x=0.83)
    watch.see(times=round(TrackerSettings().left_after / watch.every) + 1)
    assert watch.ids == []


def test_one_that_rests_by_the_border_is_waited_for() -> None:
    """Nearness to the border alone is no leaving."""
    watch = TrackWatch()
    watch.see(sighting(0.97, 0.3), times=20)
    watch.see(times=round(10 / watch.every))
    assert watch.ids == ["track-1"]


def test_one_that_sat_is_waited_for_longer_where_it_sat() -> None:
    """After minutes in which nobody could tell it from the ground it is itself, and one further off is another."""
    watch = TrackWatch()
    watch.see(sighting(0.3, 0.3), sighting(0.7, 0.3), times=10)
    watch.see(times=round((SITTING - 10) / watch.every))
    walk(watch, seconds=2, x=0.3)
    walk(watch, seconds=2, x=0.7 + 3 * SIZE)
    assert len(watch.ids) == 3
    assert watch.ids[:2] == ["track-1", "track-2"]
    assert watch.confirmed[0].last.x > 0.3


def test_a_rest_of_hours_is_one_animal() -> None:
    """As long as the finder says that nothing changed where it sits, it is there."""
    watch = TrackWatch(every=1.0)
    watch.see(sighting(0.5, 0.3), times=4)
    assert watched(watch.tracks) == (at(0.5, 0.3),)
    watch.rest(seconds=2 * 3600)
    (track,) = watch.tracks.tracks
    assert (track.track_id, track.path.length) == ("track-1", 0.0)
    assert track.path.seconds == pytest.approx(7203)


def test_something_at_rest_that_nobody_knows_is_no_animal() -> None:
    """A watched place that comes back after its animal was given up starts no track."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, origin=Origin.REST), times=10)
    assert watch.tracks.tracks == ()


def test_crossing_animals_keep_their_identities() -> None:
    """Two that walk through each other come out as who they were."""
    watch = TrackWatch()
    for number in range(60):
        step = number * 0.004
        watch.see(sighting(0.3 + step, 0.25 + step / 4), sighting(0.54 - step, 0.25 + step / 4))
    one, other = watch.confirmed
    assert one.first.x < 0.4 < one.last.x
    assert other.last.x < 0.4 < other.first.x


def meeting(watch: TrackWatch) -> None:
    """Two that walk towards each other, are one box for three seconds, and walk on."""
    for number in range(75):
        left, right = 0.4 + number * 0.002, 0.55 - number * 0.002
        if abs(right - left) < SIZE * 1.5:
            low, high = min(left, right) - SIZE / 2, max(left, right) + SIZE / 2
            region = Region(x=low, y=at(0.5, 0.3).y, width=high - low, height=SIZE * ASPECT)
            watch.see(Sighting(proposal=Proposal(region=region, origin=Origin.MOTION, strength=1), classification=None))
        else:
            watch.see(sighting(left, 0.3), sighting(right, 0.3))


def test_a_box_around_two_is_both() -> None:
    """Both come out of it, and nobody else appears."""
    watch = TrackWatch()
    meeting(watch)
    assert watch.ids == ["track-1", "track-2"]
    assert len(watch.tracks.tracks) == 2
    assert {round(track.path.last.x, 3) for track in watch.confirmed} == {0.382, 0.528}


def test_one_that_left_out_of_a_common_box_is_given_up() -> None:
    """A box around two that stays as large is not two for ever."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3), sighting(0.53, 0.3), times=4)
    together = sighting(0.515, 0.3, size=2 * SIZE)
    watch.see(together, times=round(PATIENCE / watch.every) - 2)
    assert len(watch.ids) == 2
    watch.see(together, times=round((PATIENCE + SITTING) / watch.every))
    assert len(watch.ids) == 1


def test_a_piece_of_an_animal_is_no_other() -> None:
    """A second box within the first starts nothing."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3), times=3)
    watch.see(sighting(0.5, 0.3), sighting(0.505, 0.3, size=SIZE / 3), times=10)
    assert len(watch.tracks.tracks) == 1


def test_one_false_box_carries_no_animal_away() -> None:
    """Missed for a frame in which something flickers near by, it is found where it was."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3), times=20)
    watch.see(sighting(0.5 + 2.5 * SIZE, 0.3))
    watch.see(sighting(0.5, 0.3), times=5)
    (track,) = watch.confirmed
    assert track.track_id == "track-1"
    assert track.path.length < SIZE


def test_one_that_takes_off_is_the_same_where_it_is_seen_next() -> None:
    """A leap further than its walk explains is followed once what landed there has been seen several times."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3), times=20)
    watch.see(times=2)
    watch.see(sighting(0.5 + 4 * SIZE, 0.3), times=4)
    (track,) = watch.confirmed
    assert track.track_id == "track-1"
    assert track.path.first == at(0.5, 0.3)
    assert track.path.length == pytest.approx(4 * SIZE, rel=0.1)


def test_another_far_away_is_another() -> None:
    """Nobody comes from one end of the frame to the other unseen."""
    watch = TrackWatch()
    watch.see(sighting(0.2, 0.3), times=20)
    watch.see(sighting(0.8, 0.3), times=4)
    assert watch.ids == ["track-1", "track-2"]
