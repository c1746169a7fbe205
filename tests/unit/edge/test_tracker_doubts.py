"""Who is who where little is known: unknown scenes, tiles, names, too many, restarts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from insect_edge.domain import Category, Classification, Evidence, Label, Phase, Region, Role, Verdict
from insect_edge.sightings import Origin, Proposal, Sighting
from insect_edge.tracking.settings import TrackerSettings
from insect_edge.tracking.state import seeded, watched
from support.box_world import ASPECT, region_of
from support.policy_watch import BEES, NOTHING, SLUG, moment, seen
from support.track_watch import SIZE, TrackWatch, at, sighting

SITTING = TrackerSettings().sitting


def test_while_the_scene_is_unknown_nobody_is_missed() -> None:
    """After a change of light what the finder is silent about is not known to be absent, for two minutes."""
    watch = TrackWatch(every=1.0)
    watch.see(sighting(0.5, 0.3), times=4)
    watch.see(times=100, settled=False)
    assert watch.ids == ["track-1"]
    watch.see(times=round(SITTING), settled=False)
    assert watch.ids == ["track-1"]
    watch.see(times=30, settled=False)
    assert watch.ids == []


def test_a_place_that_only_looks_unchanged_holds_no_animal_for_ever() -> None:
    """A recognised animal is given up once look after look shows nothing but background."""
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=4)
    watch.rest(seconds=4 * watch.every, shows=NOTHING)
    assert watch.ids == ["track-1"]
    watch.rest(seconds=watch.every, shows=SLUG)
    watch.rest(seconds=5 * watch.every, shows=NOTHING)
    assert watch.ids == []


def tile(x: float, *, shows: Classification | None) -> Sighting:
    """One of the tiles of a grid."""
    region = Region(x=x, y=0.2, width=0.3, height=0.5)
    return Sighting(proposal=Proposal(region=region, origin=Origin.TILE, strength=0.5), classification=shows)


def test_a_tile_is_an_animal_only_where_the_model_says_so() -> None:
    """Tiles are looked at anyhow; an animal in the overlap of two is one."""
    watch = TrackWatch()
    watch.see(tile(0.0, shows=NOTHING), tile(0.2, shows=None), tile(0.4, shows=NOTHING), times=5)
    assert watch.tracks.tracks == ()
    watch.see(tile(0.0, shows=NOTHING), tile(0.2, shows=SLUG), tile(0.4, shows=SLUG), times=5)
    assert len(watch.tracks.tracks) == 1


def test_tiles_may_take_turns() -> None:
    """An animal in a tile that is looked at in every third frame is not missed in the others."""
    watch = TrackWatch()
    for number in range(30):
        looked = [SLUG if number % 3 == 0 else None, NOTHING if number % 3 == 1 else None]
        watch.see(tile(0.0, shows=looked[0]), tile(0.5, shows=looked[1]))
    (track,) = watch.tracks.tracks
    assert track.confirmed
    assert track.looks == 10


def test_a_name_decides_between_places_equally_near() -> None:
    """Of two animals that meet in the same place, each gets the box that is called what it was."""
    wasp = Label(index=2, name="wasp", role=Role.NEUTRAL, taxon=None, threshold=0.5)
    verdict = Verdict(label="wasp", role=Role.NEUTRAL, score=0.9, threshold=0.5)
    shows = Classification(
        categories=(Category(label=wasp, score=0.9),), verdict=verdict, region=Region.whole(), inference_ms=1.0
    )
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=4)
    watch.see(sighting(0.5, 0.3, shows=SLUG), sighting(0.53, 0.3, shows=shows), times=4)
    slug, other = watch.confirmed
    watch.see(sighting(0.5149, 0.3, shows=shows), sighting(0.5151, 0.3, shows=SLUG))
    assert [track.label for track in watch.confirmed] == [slug.label, other.label] == ["slug", "wasp"]


def test_there_is_room_for_so_many_and_no_more() -> None:
    """Of too many, those that are confirmed stay."""
    watch = TrackWatch(tracker=TrackerSettings(most=4))
    known = [sighting(0.2 * number, 0.3) for number in range(1, 4)]
    watch.see(*known, times=4)
    watch.see(*known, *[sighting(0.05 * number, 0.1, size=0.02) for number in range(1, 19)])
    assert len(watch.tracks.tracks) == 4
    assert watch.ids == ["track-1", "track-2", "track-3"]


@pytest.mark.parametrize("shows", [NOTHING, BEES])
def test_what_rests_keeps_no_newcomer_out(shows: Classification) -> None:
    """Ten specks or bees that rest, more than are followed at once, and still a slug becomes an animal."""
    watch = TrackWatch(tracker=TrackerSettings(most=4), required=3)
    specks = [sighting(0.09 * number, 0.1, size=0.02, shows=shows) for number in range(1, 11)]
    for number in range(0, 10, 3):
        watch.see(*specks[: number + 3], times=8)
    assert len(watch.confirmed) == 10
    told = watch.see(*specks, sighting(0.5, 0.4, shows=SLUG), times=5)
    assert [event.label for event in told if event.phase is Phase.START] == ["slug"]
    assert len(watch.confirmed) == 11


def test_of_too_many_at_rest_those_with_a_name_stay() -> None:
    """What rests is bounded too: a slug that was found last stays, and of three specks one."""
    watch = TrackWatch(tracker=TrackerSettings(most=4, resting=2))
    specks = [sighting(0.2 * number, 0.1, shows=NOTHING) for number in (1, 2, 3)]
    watch.see(*specks)
    watch.see(*specks, sighting(0.3, 0.3, shows=SLUG), times=8)
    assert [track.label for track in watch.tracks.tracks if track.is_known_and_rests] == [None, "slug"]


def test_after_a_restart_the_animals_of_open_events_are_known() -> None:
    """One at rest and one that walked on meanwhile keep their identities."""
    before = TrackWatch(required=3)
    before.see(sighting(0.3, 0.3, shows=SLUG), sighting(0.7, 0.3, shows=SLUG), times=5)
    open_events = [replace(event, unseen_from=before.now + 60) for event in before.state.open_events]
    after = TrackWatch()
    after.now = before.now + 20
    after.tracks = seeded(open_events, settings=after.tracker.settings, aspect=ASPECT)
    assert set(watched(after.tracks)) == {at(0.3, 0.3), at(0.7, 0.3)}
    resting = Sighting(proposal=Proposal(region=at(0.3, 0.3), origin=Origin.REST, strength=1), classification=None)
    after.see(resting, sighting(0.7 + 2 * SIZE, 0.3), times=5)
    assert after.ids == before.ids
    assert after.confirmed[1].path.seconds == pytest.approx(20 + 1.8)


def test_a_clock_that_stands_still_does_no_harm() -> None:
    """Two frames of the same instant, or one of an earlier, are taken as they come."""
    watch = TrackWatch(every=0.0)
    watch.see(sighting(0.5, 0.3), times=4)
    watch.now -= 1
    watch.see(sighting(0.5, 0.3))
    assert watch.tracks.at == moment(watch.now)
    assert watch.ids == ["track-1"]


def test_looks_below_the_threshold_end_nobody() -> None:
    """A model that cannot tell animals from the rest is merely not sure; one that can says that there is none."""
    unsure = seen({"slug": 0.4, "background": 0.3})
    assert unsure.verdict is None
    watch = TrackWatch()
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=4)
    watch.rest(seconds=3, shows=unsure)
    assert watch.ids == ["track-1"]
    empty = replace(unsure, evidence=Evidence(presence=0.1, familiarity=0.0))
    watch.rest(seconds=6 * watch.every, shows=empty)
    assert watch.ids == []


def test_a_restart_forgets_nobody_on_a_full_sheet() -> None:
    """A hundred moths that rest are still the same hundred: nothing ends, nothing starts."""
    before = TrackWatch(every=1.0)
    places = [(0.05 + 0.09 * column, 0.03 + 0.05 * row) for column in range(10) for row in range(10)]
    before.see(*[sighting(x, y, shows=SLUG, size=0.02) for x, y in places], times=8)
    assert len(before.state.open_events) == len(places)
    after = TrackWatch(every=1.0)
    after.now = before.now + 5
    after.state = before.state
    after.tracks = seeded(before.state.open_events, settings=after.tracker.settings, aspect=ASPECT)
    told = after.rest(seconds=5)
    assert [event.phase for event in told if event.phase is not Phase.UPDATE] == []
    assert len(after.ids) == len(places)


def test_what_proves_to_be_larger_is_seen_as_it_is() -> None:
    """An animal that was found by a piece of it at first is not taken for a leaf around it for long."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(0.5, 0.3, shows=None, size=SIZE / 2.1), times=4)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=10)
    assert [event.label for event in watch.events if event.phase is Phase.START] == ["slug"]


def test_a_leaf_that_is_taken_for_an_animal_now_and_then_is_told_once() -> None:
    """Looks that show nothing take it from its place, and later ones that give it the same name bring it back."""
    watch = TrackWatch(every=0.5)
    for _ in range(5):
        watch.see(sighting(0.5, 0.3, shows=SLUG), times=4)
        watch.rest(seconds=5, shows=NOTHING)
        watch.see(times=20)
    assert [event.label for event in watch.events if event.phase is Phase.START] == ["slug"]
    assert Phase.END not in [event.phase for event in watch.events]
    watch.see(times=round(SITTING / watch.every))
    assert watch.events[-1].phase is Phase.END
    assert watch.tracks.tracks == ()


def test_what_vanished_is_not_watched_where_it_was() -> None:
    """Its place may look unchanged for ever; nothing there is it any more."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=4)
    watch.rest(seconds=5, shows=NOTHING)
    assert watched(watch.tracks) == ()
    watch.see(sighting(0.5, 0.3, shows=BEES), times=4)
    assert [event.label for event in watch.events if event.phase is Phase.START] == ["slug", "bees"]


def test_what_was_cut_off_by_the_border_last_has_left() -> None:
    """However slowly it went out: what is unseen there is not waited for."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(SIZE / 2, 0.3, shows=SLUG), times=6)
    rest = Proposal(region=region_of(0.0, 0.3 - SIZE / 2, 0.4 * SIZE, 0.3 + SIZE / 2), origin=Origin.MOTION, strength=1)
    watch.see(Sighting(proposal=rest, classification=None), times=6)
    watch.see(times=round(watch.tracker.settings.left_after / watch.every) + 2)
    assert watch.ids == []


def test_a_leaf_that_sways_over_an_animal_is_not_it() -> None:
    """A box around it that is much larger says nothing of its size."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=6)
    watch.see(sighting(0.5, 0.3, size=3 * SIZE), times=3)
    assert watch.confirmed[0].box.size == pytest.approx(SIZE)


def test_looks_that_hardly_pass_the_threshold_are_not_told() -> None:
    """There will be more of them, and an animal gets surer."""
    watch = TrackWatch(every=0.5)
    watch.see(sighting(0.5, 0.3, shows=seen({"slug": 0.61})), times=10)
    assert watch.events == []
    watch.see(sighting(0.5, 0.3, shows=SLUG), times=6)
    assert [event.phase for event in watch.events][:1] == [Phase.START]
