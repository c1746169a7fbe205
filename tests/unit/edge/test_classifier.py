"""A model ready to be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import numpy as np
import pytest

from insect_edge import golden
from insect_edge.card import WHOLE_FRAME, Golden, InputContract, ModelCard
from insect_edge.classifier import Classifier, Look, check_fit
from insect_edge.domain import Evidence, Frame, Label, Moment, Region, Role, Verdict
from insect_edge.errors import InferenceError, ModelError
from insect_edge.rejection import Rejection
from support.interpreter import FakeInterpreter, spec

NAMES = ("background", "slug", "bees")
ROLES = (Role.BACKGROUND, Role.PEST, Role.BENEFICIAL)
CARD = ModelCard(
    model_id="garden-v1",
    labels=tuple(
        Label(index=index, name=name, role=role, taxon=None, threshold=0.6)
        for index, (name, role) in enumerate(zip(NAMES, ROLES, strict=True))
    ),
    input=InputContract(width=8, height=8),
    activation="softmax",
)
SLUG = np.array([0.1, 0.8, 0.1], np.float32)
PIXELS = np.zeros((30, 40, 3), np.uint8)


def vector(**changes: Any) -> Golden:
    """A golden vector that `SLUG` answers rightly, with other values."""
    return replace(Golden(seed=2, width=64, height=48, index=1, score=0.75), **changes)


def test_the_top_categories_and_the_verdict_come_out() -> None:
    """A classification has the best categories, the verdict of the best, and the region that was looked at."""
    classifier = Classifier(FakeInterpreter(SLUG), CARD, top=2)
    result = classifier.classify_pixels(PIXELS)
    assert [category.label.name for category in result.categories] == ["slug", "background"]
    assert result.verdict == Verdict(label="slug", role=Role.PEST, score=pytest.approx(0.8), threshold=0.6)
    assert result.region == Region.centred_square(frame_width=40, frame_height=30)


def test_a_model_of_whole_frames_looks_at_all_of_one() -> None:
    """The region that a classification tells is the one its card looks at by default."""
    card = replace(CARD, input=replace(CARD.input, crop=WHOLE_FRAME))
    result = Classifier(FakeInterpreter(SLUG), card).classify_pixels(PIXELS)
    assert result.region == Region(x=0.0, y=0.0, width=1.0, height=1.0)


def test_there_are_never_more_categories_than_labels() -> None:
    """Asking for the top five of three labels gives three."""
    assert len(Classifier(FakeInterpreter(SLUG), CARD).classify_pixels(PIXELS).categories) == 3


def test_a_winning_background_is_no_verdict() -> None:
    """An empty scene has categories but no verdict, even where an animal comes second."""
    answer = np.array([0.9, 0.65, 0.0], np.float32)
    assert Classifier(FakeInterpreter(answer), CARD).classify_pixels(PIXELS).verdict is None


def test_a_strange_insect_gets_no_name() -> None:
    """With a rejection on the card a faint answer becomes `unknown`, a loud one its name, and the evidence is told."""
    rejection = Rejection(score="max_logit", threshold=5.0, presence=0.6, auroc=None, fpr_at_95_tpr=None, fitted_on="")
    card = replace(CARD, activation="logits", rejection=rejection)
    faint = Classifier(FakeInterpreter(np.array([0, 4, 0], np.float32)), card).classify_pixels(PIXELS)
    assert faint.verdict is not None
    assert (faint.verdict.label, faint.verdict.role) == ("unknown", Role.UNKNOWN)
    assert faint.categories[0].label.name == "slug"
    assert faint.evidence == Evidence(presence=faint.verdict.score, familiarity=4.0)
    loud = Classifier(FakeInterpreter(np.array([0, 6, 0], np.float32)), card).classify_pixels(PIXELS)
    assert loud.verdict is not None
    assert (loud.verdict.label, loud.verdict.threshold) == ("slug", 0.6)


def test_without_a_rejection_there_is_no_evidence() -> None:
    """A card of before behaves as before."""
    assert Classifier(FakeInterpreter(SLUG), CARD).classify_pixels(PIXELS).evidence is None


def test_a_frame_is_classified_like_its_pixels() -> None:
    """`classify` looks at the same region of the frame with the same result."""
    interpreter = FakeInterpreter(SLUG)
    classifier = Classifier(interpreter, CARD, timer=lambda: 0.0)
    now = Moment(monotonic=1.0, utc=datetime(2026, 6, 1, tzinfo=UTC), clock_synced=True)
    pixels = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    region = Region(x=0.5, y=0.0, width=0.5, height=0.5)
    of_frame = classifier.classify(Frame(pixels=pixels, captured=now, sequence=0), region=region)
    assert of_frame == classifier.classify_pixels(pixels, region=region)
    assert of_frame.region is region
    np.testing.assert_array_equal(*interpreter.asked)


def test_the_interpreter_gets_what_the_card_promises() -> None:
    """The tensor has the model's shape, type and colour order: a frame is B, G, R, this model wants R, G, B."""
    interpreter = FakeInterpreter(SLUG, input=spec((1, 8, 8, 3), "int8", scale=1.0, zero_point=-128))
    card = replace(CARD, input=InputContract(width=8, height=8, mean=0, std=1))
    Classifier(interpreter, card).classify_pixels(np.full((30, 40, 3), (1, 2, 3), np.uint8))
    (tensor,) = interpreter.asked
    assert tensor.shape == (1, 8, 8, 3)
    assert tensor.dtype == np.int8
    assert tensor[0, 0, 0].tolist() == [3 - 128, 2 - 128, 1 - 128]


def test_inference_time_is_the_interpreters_alone() -> None:
    """`inference_ms` is what the timer says passed around the interpreter, in milliseconds."""
    ticks = count(step=0.25)
    classifier = Classifier(FakeInterpreter(SLUG), CARD, timer=lambda: next(ticks))
    assert classifier.classify_pixels(PIXELS).inference_ms == 250


def test_logits_come_before_temperature_and_softmax() -> None:
    """The converter calibrates on the plain dequantized output."""
    interpreter = FakeInterpreter(np.array([3, 4, 5], np.uint8), output=spec((1, 3), "uint8", scale=0.5, zero_point=3))
    classifier = Classifier(interpreter, replace(CARD, activation="logits", temperature=7.0))
    assert classifier.logits(PIXELS).tolist() == [0.0, 0.5, 1.0]


def test_regions_are_classified_in_order() -> None:
    """Each region gets the very answer it gets alone; one that is named twice is looked at once."""
    interpreter = FakeInterpreter(SLUG)
    classifier = Classifier(interpreter, CARD, timer=lambda: 0.0)
    pixels = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    left, right = (Region(x=x, y=0.0, width=0.5, height=0.5) for x in (0.0, 0.5))
    together = classifier.classify_regions(pixels, iter([left, right, left]))
    assert [one.region for one in together] == [left, right, left]
    assert len(interpreter.asked) == 2
    assert together[1] == classifier.classify_pixels(pixels, region=right)
    assert classifier.classify_regions(pixels, ()) == ()


def test_looks_at_one_thing_are_judged_by_their_mean() -> None:
    """Answers are averaged before temperature and softmax; the region is the first one's, the time all of theirs."""
    card = replace(CARD, activation="logits")
    classifier = Classifier(FakeInterpreter(SLUG), card)
    regions = [Region(x=0.0, y=0.0, width=size, height=size) for size in (0.5, 1.0)]
    answers = (np.array([0, 4, 0], np.float32), np.array([0, 0, 2], np.float32))
    looks = [
        Look(output=output, region=region, inference_ms=2.0) for output, region in zip(answers, regions, strict=True)
    ]
    judged = classifier.judge(looks)
    alone = Classifier(FakeInterpreter(np.array([0, 2, 1], np.float32)), card).classify_pixels(PIXELS)
    assert judged.categories == alone.categories
    assert (judged.region, judged.inference_ms) == (regions[0], 4.0)
    with pytest.raises(InferenceError, match="no number"):
        classifier.judge([*looks, Look(output=answers[0] - np.float32(np.inf), region=regions[0], inference_ms=0.0)])


def test_card_and_interpreter_can_be_asked_for() -> None:
    """What was bound together can be looked up again."""
    interpreter = FakeInterpreter(SLUG)
    classifier = Classifier(interpreter, CARD)
    assert classifier.card is CARD
    assert classifier.interpreter is interpreter


def test_a_failing_interpreter_is_not_hidden() -> None:
    """The runtime's failure reaches the caller as it is."""
    classifier = Classifier(FakeInterpreter(SLUG, failure=InferenceError("out of memory")), CARD)
    with pytest.raises(InferenceError, match="out of memory"):
        classifier.classify_pixels(PIXELS)


@pytest.mark.parametrize("activation", ["logits", "softmax"])
@pytest.mark.parametrize("answer", [[np.nan, 0.1, 0.1], [np.nan] * 3, [0.1, np.inf, 0.1]])
def test_an_answer_that_is_no_number_is_a_failure(answer: list[float], activation: str) -> None:
    """NaN would pass every threshold unnoticed and is no JSON: it is refused."""
    interpreter = FakeInterpreter(np.array(answer, np.float32))
    with pytest.raises(InferenceError, match=r"garden-v1: the model answers with what is no number"):
        Classifier(interpreter, replace(CARD, activation=activation)).classify_pixels(PIXELS)


def test_a_right_golden_vector_passes() -> None:
    """The drawn picture is what the model is asked before anything else."""
    interpreter = FakeInterpreter(SLUG)
    Classifier(interpreter, replace(CARD, golden=vector()))
    Classifier(interpreter, CARD).classify_pixels(golden.draw(seed=2, width=64, height=48))
    np.testing.assert_array_equal(*interpreter.asked)


@pytest.mark.parametrize(
    ("changes", "card_says"),
    [
        ({"index": 2}, "bees 0.750 within 0.1"),
        ({"score": 0.65}, "slug 0.650 within 0.1"),
        ({"score": 0.95}, "slug 0.950 within 0.1"),
        ({"score": 0.79, "tolerance": 0.001}, "slug 0.790 within 0.001"),
    ],
)
def test_a_wrong_golden_vector_is_refused(changes: dict[str, Any], card_says: str) -> None:
    """Another label or a score too far off says what came, what was expected, and which runtime computed it."""
    with pytest.raises(ModelError) as caught:
        Classifier(FakeInterpreter(SLUG), replace(CARD, golden=vector(**changes)))
    message = str(caught.value)
    assert message.startswith(f"garden-v1: the golden vector gave slug 0.800, the card says {card_says}: ")
    assert "fake-runtime 1.0" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "interpreter",
    [FakeInterpreter(SLUG, failure=InferenceError("garden-v1: no")), FakeInterpreter(SLUG * np.float32(np.nan))],
)
def test_a_model_that_fails_on_its_golden_vector_is_refused(interpreter: FakeInterpreter) -> None:
    """A model that cannot answer even its own picture is a damaged model, told when it is loaded."""
    with pytest.raises(ModelError, match=r"^garden-v1: .+ \(on the golden vector\): the bundle is damaged"):
        Classifier(interpreter, replace(CARD, golden=vector()))


@pytest.mark.parametrize(
    ("interpreter", "reason"),
    [
        (FakeInterpreter(SLUG, input=spec((1, 16, 16, 3))), r"input is \(1, 16, 16, 3\), the card says \(1, 8, 8, 3\)"),
        (FakeInterpreter(SLUG, input=spec((1, 8, 8, 1))), r"the card says \(1, 8, 8, 3\)"),
        (FakeInterpreter(SLUG, input=spec((4, 8, 8, 3))), r"input is \(4, 8, 8, 3\)"),
        (FakeInterpreter(SLUG, input=spec((192,))), r"input is \(192,\)"),
        (FakeInterpreter(np.zeros(4, np.float32)), r"3 labels for 4 outputs"),
        (FakeInterpreter(np.zeros(2, np.float32)), r"3 labels for 2 outputs"),
        (FakeInterpreter(SLUG, output=spec((1, 8, 8, 3))), r"output \(1, 8, 8, 3\): no classifier"),
        (FakeInterpreter(SLUG, output=spec(())), r"output \(\): no classifier"),
        (FakeInterpreter(SLUG, input=spec((1, 8, 8, 3), "int16")), r"input and output are int16 and float32"),
        (FakeInterpreter(SLUG, output=spec((1, 3), "int64")), r"input and output are float32 and int64"),
    ],
)
def test_a_model_that_does_not_fit_its_card_is_refused(interpreter: FakeInterpreter, reason: str) -> None:
    """Shape, type and number of labels are held against the card before the first inference."""
    with pytest.raises(ModelError, match=rf"^garden-v1: .*{reason}"):
        Classifier(interpreter, CARD)
    assert not interpreter.asked


def test_an_output_without_batch_dimension_fits() -> None:
    """Some graphs end in a bare vector of scores."""
    check_fit(FakeInterpreter(SLUG, output=spec((3,))), CARD)
