from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from insect_edge.mqtt.topics import Topics, label_slugs, slug


def test_topics_stand_under_root_and_device() -> None:
    """Every topic is `<root>/<device>/<name>`."""
    topics = Topics(device_id="trap-1a2b3c", root="farm/insects")
    assert topics.availability == "farm/insects/trap-1a2b3c/availability"
    assert topics.health == "farm/insects/trap-1a2b3c/health"
    assert topics.detection == "farm/insects/trap-1a2b3c/detection"
    assert topics.last_detection == "farm/insects/trap-1a2b3c/last_detection"
    assert topics.snapshot == "farm/insects/trap-1a2b3c/snapshot"
    assert topics.event_snapshot("e1") == "farm/insects/trap-1a2b3c/snapshot/e1"
    assert topics.classification == "farm/insects/trap-1a2b3c/classification"
    assert topics.alert("slug") == "farm/insects/trap-1a2b3c/alert/slug"


def test_the_root_is_insect_edge_by_default() -> None:
    """Nobody has to configure a root."""
    assert Topics(device_id="trap").health == "insect-edge/trap/health"


def test_slugs_are_plain() -> None:
    """Accents go, everything strange becomes one hyphen, none at the ends."""
    assert slug("Käfer (groß)") == "kafer-gro"
    assert slug("Micrathyria hagenii #+/") == "micrathyria-hagenii"
    assert slug("甲虫") == ""


def test_labels_that_collide_get_their_index() -> None:
    """The first keeps the slug; later ones and those without any letter get their position."""
    assert label_slugs(["bee fly", "bee-fly", "甲虫", "Bee Fly"]) == {
        "bee fly": "bee-fly",
        "bee-fly": "bee-fly-1",
        "甲虫": "label-2",
        "Bee Fly": "bee-fly-3",
    }


@given(st.lists(st.text(alphabet="aA-1 ä/2", max_size=5), max_size=12))
def test_every_label_has_a_slug_of_its_own(labels: list[str]) -> None:
    """Whatever the labels, slugs are distinct, not empty and fit into one topic level."""
    slugs = label_slugs(labels)
    assert set(slugs) == set(labels)
    assert len(set(slugs.values())) == len(set(labels))
    assert all(re.fullmatch(r"[a-z0-9-]+", value) for value in slugs.values())
