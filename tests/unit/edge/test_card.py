"""The card of a model: text in, dataclasses out, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.card import (
    DEFAULT_THRESHOLD,
    Golden,
    InputContract,
    ModelCard,
    bare_labels,
    from_json,
    to_json,
)
from insect_edge.domain import Label, Role, Taxon
from insect_edge.errors import ModelError
from insect_edge.rejection import Rejection

CARD = ModelCard(
    model_id="garden-v1",
    labels=(
        Label(index=0, name="background", role=Role.BACKGROUND, taxon=None, threshold=0.5),
        Label(index=1, name="slug", role=Role.PEST, taxon=Taxon(order="Stylommatophora"), threshold=0.7),
    ),
    input=InputContract(width=224, height=192, color_order="bgr", mean=0.0, std=255.0),
    activation="logits",
    temperature=1.25,
    sha256="ab" * 32,
    golden=Golden(seed=3, width=320, height=240, index=1, score=0.81),
    details={"recipe": {"name": "fine"}, "licence": "CC-BY-4.0: siehe Bestäuber"},
)
REJECTION = {
    "score": "energy",
    "threshold": 1.25,
    "presence": 0.97,
    "auroc": 0.9,
    "fpr_at_95_tpr": None,
    "fitted_on": "some photographs",
}

words = st.text(min_size=1, max_size=12)
scores = st.floats(0, 1)
positive = st.floats(min_value=1e-3, max_value=1e3)
sides = st.integers(8, 512)


rejections = st.builds(
    Rejection,
    score=st.just("softmax"),
    threshold=st.floats(-99, 99),
    presence=scores,
    auroc=st.none() | scores,
    fpr_at_95_tpr=st.none() | scores,
    fitted_on=words,
)


@st.composite
def cards(draw: st.DrawFn) -> ModelCard:
    """Any valid card of a bundle."""
    names = draw(st.lists(words, min_size=1, max_size=5))
    roles = draw(st.lists(st.none() | st.sampled_from(Role), min_size=len(names), max_size=len(names)))
    taxa = st.none() | st.builds(Taxon, order=st.none() | words, family=st.none() | words, genus=st.none() | words)
    return ModelCard(
        model_id=draw(words),
        labels=tuple(
            Label(
                index=index,
                name=name,
                role=roles[index],
                taxon=draw(taxa),
                threshold=draw(scores),
            )
            for index, name in enumerate(names)
        ),
        input=InputContract(
            width=draw(sides),
            height=draw(sides),
            color_order=draw(st.sampled_from(["rgb", "bgr", "grey"])),
            mean=draw(st.floats(-300, 300)),
            std=draw(positive),
        ),
        activation=draw(st.sampled_from(["logits", "softmax"])),
        temperature=draw(positive),
        sha256=draw(words),
        golden=Golden(
            seed=draw(st.integers(0, 99)),
            width=draw(sides),
            height=draw(sides),
            index=draw(st.integers(0, len(names) - 1)),
            score=draw(scores),
            tolerance=draw(positive),
        ),
        rejection=draw(st.none() | rejections) if len(names) > 1 and Role.PEST in roles else None,
        details=draw(st.dictionaries(words.map("x_{}".format), words | st.integers() | st.none(), max_size=3)),
    )


def damaged(**changes: Any) -> str:
    """The text of the card with other values; a dotted name reaches inside, and `...` takes a key away."""
    content = json.loads(to_json(CARD))
    for name, value in changes.items():
        *outer, last = name.split("__")
        place = content
        for key in outer:
            place = place[int(key) if isinstance(place, list) else key]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return json.dumps(content)


@given(cards())
def test_a_card_survives_the_way_through_json(card: ModelCard) -> None:
    """Whatever a card holds, reading what was written gives the same card."""
    assert from_json(to_json(card), source="card.json") == card


def test_a_card_without_a_rejection_has_no_such_key() -> None:
    """Cards of before stay as they are, and read as having none."""
    assert "rejection" not in json.loads(to_json(CARD))
    assert from_json(to_json(CARD), source="card.json").rejection is None


def test_a_rejection_is_no_detail() -> None:
    """It is read into its own place and written back under its own key."""
    card = from_json(damaged(rejection=REJECTION), source="card.json")
    assert card.rejection == Rejection(**REJECTION)  # type: ignore[arg-type] # the values are as written above
    assert "rejection" not in card.details
    assert json.loads(to_json(card))["rejection"] == REJECTION


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rejection": 5}, "Rejection"),
        ({"rejection": {**REJECTION, "score": "entropy"}}, "rejection score 'entropy' is none of softmax, max_logit"),
        ({"rejection": {**REJECTION, "threshold": "high"}}, "rejection threshold 'high'"),
        ({"rejection": {**REJECTION, "threshold": float("nan")}}, "rejection threshold nan"),
        ({"rejection": {**REJECTION, "presence": 1.5}}, "rejection presence 1.5"),
        ({"rejection": {**REJECTION, "auroc": "good"}}, "rejection auroc 'good'"),
        ({"rejection": {**REJECTION, "fpr_at_95_tpr": -1}}, "rejection fpr_at_95_tpr -1"),
        ({"rejection": {**REJECTION, "margin": 3}}, "margin"),
        ({"rejection": REJECTION, "activation": "softmax"}, "rejection score 'energy' is none of softmax"),
        ({"rejection": REJECTION, "labels__1__role": "background"}, "rejection needs two labels"),
    ],
)
def test_a_damaged_rejection_is_refused(changes: dict[str, Any], reason: str) -> None:
    """A score that cannot be computed or a limit that is none would give wrong names in silence."""
    with pytest.raises(ModelError, match=reason):
        from_json(damaged(**changes), source="card.json")


def test_details_stand_beside_the_known_keys() -> None:
    """What is for people stays readable in the file, unescaped and at the top level."""
    text = to_json(CARD)
    assert json.loads(text)["recipe"] == {"name": "fine"}
    assert "CC-BY-4.0: siehe Bestäuber" in text
    assert text.endswith("}\n")


def test_grey_has_one_channel() -> None:
    """The number of channels follows from the colour order."""
    assert replace(CARD.input, color_order="grey").channels == 1
    assert CARD.input.channels == 3


def test_thresholds_are_replaced_by_name() -> None:
    """Other thresholds reach the labels they name and no other."""
    changed = CARD.with_thresholds({"slug": 0.9, "nobody": 0.1})
    assert [label.threshold for label in changed.labels] == [0.5, 0.9]
    assert [label.threshold for label in CARD.labels] == [0.5, 0.7]


def test_bare_labels_know_only_the_background() -> None:
    """A label called background gets its role however it is written; of others nothing is claimed."""
    labels = bare_labels(["ants", " Background ", "background moth"])
    assert [label.role for label in labels] == [None, Role.BACKGROUND, None]
    assert [label.index for label in labels] == [0, 1, 2]
    assert {label.threshold for label in labels} == {DEFAULT_THRESHOLD}
    assert {label.taxon for label in labels} == {None}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a model card"),
        ("{", "not a model card"),
        ("[]", "not a model card"),
        ("7", "not a model card"),
        ("null", "not a model card"),
        ("{}", "no 'format_version'"),
        ("[" * 100_000, "not a model card"),
    ],
)
def test_what_is_no_card_is_refused(text: str, reason: str) -> None:
    """Text that is no card at all names the file and the remedy."""
    with pytest.raises(ModelError, match=rf"here/card.json: .*{reason}.*copy the bundle again"):
        from_json(text, source="here/card.json")


def test_a_newer_format_asks_for_a_newer_program() -> None:
    """A card of another format version says which one, and what to do."""
    with pytest.raises(ModelError, match=r"format_version 2, this program reads 1: upgrade insect-edge"):
        from_json(damaged(format_version=2), source="card.json")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model_id": ...}, "'model_id' is missing"),
        ({"golden": ...}, "'golden' is missing"),
        ({"golden": None}, "Golden"),
        ({"labels": None}, "iterable"),
        ({"labels": []}, "no labels"),
        ({"labels": ["ants"]}, "indices"),
        ({"labels__1__index": 2}, "'slug' has index 2 at position 1"),
        ({"labels__1__role": "vermin"}, "vermin"),
        ({"labels__1__threshold": 1.5}, "threshold of 'slug' 1.5"),
        ({"labels__1__threshold": float("nan")}, "threshold of 'slug' nan"),
        ({"labels__1__threshold": "0.5"}, "threshold of 'slug' '0.5'"),
        ({"labels__1__taxon": {"species": "x"}}, "species"),
        ({"input": 5}, "InputContract"),
        ({"input__width": 0}, "input width 0"),
        ({"input__width": "224"}, "input width '224'"),
        ({"input__height": 10**9}, "input height 1000000000"),
        ({"input__color_order": "cmyk"}, "color_order 'cmyk' is none of rgb, bgr, grey"),
        ({"input__resize": "nearest"}, "resize 'nearest' is none of antialias"),
        ({"input__crop": "stretch"}, "crop 'stretch' is none of centred-square, whole-frame"),
        ({"input__mean": None}, "mean None"),
        ({"input__std": 0}, "std 0 is no number above 0"),
        ({"activation": "relu"}, "activation 'relu' is none of logits, softmax"),
        ({"temperature": 0}, "temperature 0 is no number above 0"),
        ({"temperature": float("nan")}, "temperature nan"),
        ({"temperature": float("inf")}, "temperature inf"),
        ({"temperature": "warm"}, "temperature 'warm'"),
        ({"golden__index": 2}, "golden index 2"),
        ({"golden__index": -1}, "golden index -1"),
        ({"golden__index": True}, "golden index True"),
        ({"golden__width": 0}, "golden width 0"),
        ({"golden__height": 10**6}, "golden height 1000000"),
        ({"golden__seed": 1.5}, "golden seed 1.5"),
        ({"golden__score": "high"}, "golden score 'high'"),
        ({"golden__tolerance": float("nan")}, "golden tolerance nan"),
    ],
)
def test_a_damaged_card_is_refused(changes: dict[str, Any], reason: str) -> None:
    """Each value that could not be meant is named in one line, before anything is computed with it."""
    with pytest.raises(ModelError, match=reason) as caught:
        from_json(damaged(**changes), source="card.json")
    assert str(caught.value).startswith("card.json: ")
    assert str(caught.value).endswith("the card is damaged, copy the bundle again")
    assert "\n" not in str(caught.value)
