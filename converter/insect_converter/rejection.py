"""Find out how a model's own outputs tell what it knows from what it does not, and where to draw the lines."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import roc_auc_score

from insect_converter import evaluate
from insect_edge.domain import UNKNOWN
from insect_edge.postprocess import softmax
from insect_edge.rejection import SCORES, Rejection, animals, familiarity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from insect_converter.figures import Outputs
    from insect_edge.card import ModelCard

DEFAULT_SCORE = "max_logit"
"""Where no photographs of unknown insects are at hand to choose by, or none tells clearly more than it."""
CLEARLY = 0.005
"""In AUROC: less is chance, of some hundred photographs."""
LOST = 0.04
"""Share of the right answers that may go without their name: below their label's threshold, or too unfamiliar."""
HIGHEST_PRESENCE = 0.9999
"""No picture could reach a presence much above: the scores of a picture are float32."""
_TAIL = 0.4
"""Share of the background pictures whose presence is taken for the tail of an exponential distribution."""
_TRUE_POSITIVES = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """How far two sets of scores lie apart.

    Attributes:
        auroc: chance that one of the wanted scores higher than one of the unwanted; halves for ties.
        fpr_at_95_tpr: share of the unwanted at or above the score that 95 % of the wanted reach.
    """

    auroc: float
    fpr_at_95_tpr: float


def separation(wanted: NDArray[np.floating], unwanted: NDArray[np.floating]) -> Separation:
    """Hold scores of what should be high against scores of what should be low; neither may be empty."""
    truth = np.concatenate([np.ones(len(wanted)), np.zeros(len(unwanted))])
    reached = np.quantile(wanted, 1 - _TRUE_POSITIVES, method="lower")
    return Separation(
        auroc=float(roc_auc_score(truth, np.concatenate([wanted, unwanted]))),
        fpr_at_95_tpr=float(np.mean(unwanted >= reached)),
    )


def log_odds(logits: NDArray[np.float32], card: ModelCard) -> NDArray[np.float64]:
    """Log-odds of the presence: what the presence is the logistic function of, without its crowding towards 1.

    Args:
        logits: (photographs, labels).
        card: with its temperature, and at least one label of each kind.
    """
    among = animals(card.labels)
    scaled = logits.astype(np.float64) / card.temperature
    animal: NDArray[np.float64] = np.logaddexp.reduce(scaled[:, among], axis=1)
    empty: NDArray[np.float64] = np.logaddexp.reduce(scaled[:, ~among], axis=1)
    return animal - empty


def fit_presence(odds: NDArray[np.float64], *, false_alarms: float) -> float:
    """The presence that no more than a share of background pictures reach, estimated from a few dozen of them.

    The share wanted is often less than one picture, where counting gives nothing between none and one. So the upper
    two fifths of the log-odds are taken for an exponential tail, whose mean excess has all of them behind it. (Held
    against a quantile, a kernel estimate, a normal distribution and random crops of the same pictures, in repeated
    halves of 94 pictures: it came nearest to the share asked for, with the least scatter.)

    Args:
        odds: (background pictures,) as `log_odds` gives them.
        false_alarms: wanted share, in (0, 0.4).

    Returns:
        A presence in [0, 1]; 0 where there are no pictures.
    """
    if not len(odds):
        return 0.0
    start = float(np.quantile(odds, 1 - _TAIL))
    tail = odds[odds >= start]
    threshold = start + float(np.mean(tail - start)) * float(np.log(_TAIL / false_alarms))
    return min(HIGHEST_PRESENCE, round(float(1 / (1 + np.exp(-threshold))), 6))


def fit_threshold(known: NDArray[np.floating], *, right: NDArray[np.bool_], named: NDArray[np.bool_]) -> float:
    """The familiarity below which names are withheld.

    It takes as many right names as may be lost, less those that their label's threshold or the presence took already.

    Args:
        known: (photographs,) familiarity of animals the model knows.
        right: (photographs,) whether the top category is right.
        named: (photographs,) whether it would get its name without rejection.
    """
    spare = max(0, int(LOST * right.sum()) - int((right & ~named).sum()))
    reached = np.sort(known[right & named] if (right & named).any() else known)
    return float(np.floor(float(reached[min(spare, len(reached) - 1)]) * 1e4) / 1e4)


def scores_by_name(logits: NDArray[np.float32], card: ModelCard) -> dict[str, NDArray[np.float32]]:
    """The familiarity of each photograph in every way there is."""
    scores, among = softmax(logits, temperature=card.temperature), animals(card.labels)
    return {name: familiarity(logits, scores, score=name, temperature=card.temperature, among=among) for name in SCORES}


def compare(known: NDArray[np.float32], unknown: NDArray[np.float32], card: ModelCard) -> dict[str, Separation]:
    """How well each score tells known insects from unknown ones.

    Args:
        known: (photographs, labels), logits of animals the model knows.
        unknown: the same of insects it does not.
        card: with its temperature.
    """
    here, there = scores_by_name(known, card), scores_by_name(unknown, card)
    return {name: separation(here[name], there[name]) for name in SCORES}


def fit(
    card: ModelCard, validation: Outputs, *, unknown: NDArray[np.float32] | None, presence: float
) -> Rejection | None:
    """Choose the score that tells most and the familiarity from which on names are given.

    Args:
        card: with temperature and thresholds fitted.
        validation: answers to the validation photographs.
        unknown: (photographs, labels), answers to insects the model does not know; None where there are none, or it
            has learnt from them.
        presence: as `fit_presence` gave it.

    Returns:
        None where the labels leave nothing to tell apart.
    """
    among = animals(card.labels)
    if len(among) < 2 or not among.any():  # noqa: PLR2004 - telling apart takes two
        return None
    insects = among[validation.truth]
    logits, truth = validation.logits[insects], validation.truth[insects]
    table = compare(logits, unknown, card) if unknown is not None else {}
    score = _best(table) if table else DEFAULT_SCORE
    said = logits.argmax(axis=1)
    named = among[said] & _passes(logits, said, card, presence=presence)
    return Rejection(
        score=score,
        threshold=fit_threshold(scores_by_name(logits, card)[score], right=said == truth, named=named),
        presence=presence,
        auroc=None,
        fpr_at_95_tpr=None,
        fitted_on=_in_words(len(truth), unknown),
    )


def _best(table: dict[str, Separation]) -> str:
    best = max(table, key=lambda name: table[name].auroc)
    return best if table[best].auroc > table[DEFAULT_SCORE].auroc + CLEARLY else DEFAULT_SCORE


def measure(card: ModelCard, test: Outputs, *, unknown: NDArray[np.float32] | None) -> dict[str, Any]:
    """How well presence and familiarity do on photographs that had no part in choosing them, as plain values.

    Args:
        card: with its rejection.
        test: answers to the test photographs.
        unknown: (photographs, labels), answers to insects the model does not know; None where there are none.

    Returns:
        Under `presence` how animals stand apart from background pictures, under `scores` how known insects stand apart
        from unknown ones by each score, under `unknown_insects` what verdicts those got; what cannot be measured is
        left out.
    """
    among = animals(card.labels)
    insects = among[test.truth]
    found: dict[str, Any] = {}
    if insects.any() and not insects.all():
        odds = log_odds(test.logits, card)
        found["presence"] = asdict(separation(odds[insects], odds[~insects]))
    if unknown is not None:
        table = compare(test.logits[insects], unknown, card)
        found["scores"] = {name: asdict(separated) for name, separated in table.items()}
        found["unknown_insects"] = _verdicts(unknown, card)
    return found


def reported(rejection: Rejection, measured: dict[str, Any]) -> Rejection:
    """The rejection with what `measure` found of its score."""
    return replace(rejection, **measured["scores"][rejection.score]) if "scores" in measured else rejection


def _verdicts(unknown: NDArray[np.float32], card: ModelCard) -> dict[str, float]:
    """How many unknown insects there were, and which shares of them got a name, `unknown` and nothing."""
    said = np.array([verdict.label if verdict else "" for verdict in evaluate.verdicts_of(unknown, card)])
    return {
        "photographs": len(said),
        "named": float(np.mean((said != "") & (said != UNKNOWN))),
        "unknown": float(np.mean(said == UNKNOWN)),
        "silent": float(np.mean(said == "")),
    }


def _passes(
    logits: NDArray[np.float32], said: NDArray[np.int64], card: ModelCard, *, presence: float
) -> NDArray[np.bool_]:
    """Which photographs reach the presence and the threshold of the label said."""
    scores, among = softmax(logits, temperature=card.temperature), animals(card.labels)
    thresholds = np.array([label.threshold for label in card.labels])
    there = scores[:, among].sum(axis=1) >= presence
    passes: NDArray[np.bool_] = there & (scores.max(axis=1) >= thresholds[said])
    return passes


def _in_words(known: int, unknown: NDArray[np.float32] | None) -> str:
    if unknown is None:
        return f"{known} validation photographs of known animals alone, none of unknown insects"
    return f"{known} validation photographs of known animals, {len(unknown)} photographs of unknown insects"
