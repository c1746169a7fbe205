"""From a finished run to a verified bundle: quantize, measure, calibrate, pass the gate, write."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_converter import (
    bundle,
    calibrate,
    calibration,
    evaluate,
    figures,
    progress,
    quantize,
    rejection,
    unknown_insects,
)
from insect_converter.errors import GateError
from insect_converter.figures import Figures, Outputs
from insect_converter.run_record import SPLIT_FILE, text_hash
from insect_converter.split import Part
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.adapters.pictures import read_picture
from insect_edge.card import DEFAULT_THRESHOLD, ModelCard
from insect_edge.classifier import Classifier
from insect_edge.domain import Label
from insect_edge.postprocess import softmax

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from insect_converter.dataset import Photograph
    from insect_converter.recipes import Recipe
    from insect_converter.run_record import RunRecord
    from insect_converter.split import Split
    from insect_converter.unknown_insects import UnknownOutputs

REPORT_FILE = "report.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """One form of the model, its bytes and its answers by part."""

    classifier: Classifier
    content: bytes
    outputs: dict[Part, Outputs]


def export(
    model: Any,
    *,
    split: Split,
    recipe: Recipe,
    record: RunRecord,
    split_text: str,
    out: Path,
    force: bool,
    unknown: Sequence[Path] = (),
) -> Figures:
    """Make and write the bundle of a trained model.

    Args:
        model: float Keras model with logits.
        split: of the photographs.
        recipe: the run's.
        record: of the run.
        split_text: of the run.
        out: folder of the bundle, must not exist; its name becomes the model id.
        force: write the bundle even if the gate stays shut; the card says so.
        unknown: photographs of insects the model does not know, as `unknown_insects.find` gives them.

    Raises:
        GateError: when integer lost more than the budget; nothing is written.
        ConversionError: when the model does not become fully integer.
        ModelError: when the bundle cannot be written.
    """
    bundle.refuse_existing(out)
    card = _first_card(out.name, recipe, record.labels)
    floating, integer, operators = _render_both(model, card, split, recipe, seed=record.seed)
    strangers = unknown_insects.answer(integer.classifier, unknown, learnt=_has_learnt_unknown(recipe, record))
    card = _calibrated(card, integer.outputs[Part.VALIDATION], recipe, strangers)
    card, measured = _measured(card, floating, integer, strangers, seed=record.seed)
    gate = _pass_gate(measured, force=force)
    details = _origin(record, recipe, split_text=split_text) | _measurements(measured, floating, integer)
    golden = bundle.choose_golden(*(Classifier(one.classifier.interpreter, card) for one in (integer, floating)))
    card = replace(card, golden=golden, details=details | {"operators": operators, "gate": gate})
    bundle.write(out, content=integer.content, card=card, extra=_texts(measured, split_text))
    return measured


def _has_learnt_unknown(recipe: Recipe, record: RunRecord) -> bool:
    return recipe.learns_unknown and record.unknown is not None


def _render_both(
    model: Any, card: ModelCard, split: Split, recipe: Recipe, *, seed: int
) -> tuple[Rendering, Rendering, dict[str, int]]:
    """Convert and ask both forms: the float one, the integer one, and how often each operator is in the latter."""
    progress.say("converting to float and integer TFLite")
    with quantize.saved(model) as folder:
        content = quantize.to_integer(folder, _representative(split, recipe, seed=seed))
        operators = quantize.inspect(content).operators
        floating = _render(quantize.to_float(folder), card, split, name="float")
    return floating, _render(content, card, split, name="int8"), operators


def _measured(
    card: ModelCard, floating: Rendering, integer: Rendering, unknown: UnknownOutputs | None, *, seed: int
) -> tuple[ModelCard, Figures]:
    """The card with what the figures say of its rejection, and the figures."""
    strangers = unknown.reporting if unknown else None
    found = figures.compute(floating.outputs, integer.outputs, card=card, seed=seed, unknown=strangers)
    if card.rejection:
        card = replace(card, rejection=rejection.reported(card.rejection, found.rejection))
    return card, found


def _pass_gate(measured: Figures, *, force: bool) -> dict[str, Any]:
    """Show the figures; for the card whether they are within budget, and where that is forgiven why not."""
    progress.say(figures.describe(measured))
    failures = measured.parity.failures()
    if failures and not force:
        raise GateError(
            f"the integer model is over budget: {'; '.join(failures)}: nothing was written, "
            "`insect-converter export` writes it from the run's folder with --force"
        )
    return {"passed": not failures, "failures": failures}


def _first_card(model_id: str, recipe: Recipe, labels: Sequence[str]) -> ModelCard:
    facts = [recipe.facts(name) for name in labels]
    return ModelCard(
        model_id=model_id,
        labels=tuple(
            Label(index=index, name=name, role=fact.role, taxon=fact.taxon, threshold=DEFAULT_THRESHOLD)
            for index, (name, fact) in enumerate(zip(labels, facts, strict=True))
        ),
        input=recipe.contract(),
        activation="logits",
    )


def _representative(split: Split, recipe: Recipe, *, seed: int) -> Any:
    labels = [item.label for item in split.train]
    chosen = calibrate.choose(labels, per_label=calibrate.per_label(len({*labels})), seed=seed)
    pictures = (read_picture(split.train[position].path) for position in chosen)
    return calibrate.representative(pictures, contract=recipe.contract())


def _render(content: bytes, card: ModelCard, split: Split, *, name: str) -> Rendering:
    classifier = Classifier(LiteRtInterpreter(content, name=f"{card.model_id} {name}", threads=1), card)
    outputs = {part: _answer(classifier, split.part(part), name=name) for part in (Part.VALIDATION, Part.TEST)}
    return Rendering(classifier=classifier, content=content, outputs=outputs)


def _answer(classifier: Classifier, photographs: Sequence[Photograph], *, name: str) -> Outputs:
    with progress.bar(total=len(photographs), description=f"evaluating {name}") as bar:
        # Straight from the files, at full size: the way of `insect-edge classify`.
        pictures = (read_picture(photograph.path) for photograph in photographs)
        logits = evaluate.logits_of(classifier, pictures, on_each=bar.update)
    return Outputs(logits=logits, truth=np.array([photograph.label for photograph in photographs], dtype=np.int64))


def _calibrated(card: ModelCard, validation: Outputs, recipe: Recipe, unknown: UnknownOutputs | None) -> ModelCard:
    """Temperature, then presence, then the thresholds of what is present, then familiarity of what passes them."""
    card = replace(card, temperature=round(calibration.fit_temperature(validation.logits, validation.truth), 4))
    background = figures.background_of(card)
    presence, present = 0.0, np.ones(len(validation.truth), dtype=np.bool_)
    scores = softmax(validation.logits, temperature=card.temperature)
    if background:
        empty = np.isin(validation.truth, background)
        odds = rejection.log_odds(validation.logits[empty], card)
        presence = rejection.fit_presence(odds, false_alarms=recipe.thresholds.false_alarms)
        present = 1 - scores[:, background].sum(axis=1) >= presence
    thresholds = calibration.fit_thresholds(
        scores[present], validation.truth[present], precision=recipe.thresholds.precision
    )
    card = card.with_thresholds(dict(zip((label.name for label in card.labels), thresholds, strict=True)))
    fitting = unknown.fitting if unknown else None
    return replace(card, rejection=rejection.fit(card, validation, unknown=fitting, presence=presence))


def _origin(record: RunRecord, recipe: Recipe, *, split_text: str) -> dict[str, Any]:
    """Where the model comes from, for its card."""
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "recipe": recipe.as_dict(),
        "seed": record.seed,
        "versions": record.versions,
        "host": record.host,
        "float_sha256": record.float_sha256,
        "teachers_sha256": [sha256 for _, sha256 in record.teachers],
        "members_sha256": [sha256 for _, sha256 in record.members],
        "dataset": {
            "provenance": record.provenance,
            "licence": record.licence,
            "split_sha256": text_hash(split_text),
            "leaks_kept": record.leaks_kept,
        },
    }


def _measurements(measured: Figures, floating: Rendering, integer: Rendering) -> dict[str, Any]:
    """How good the model is and what that was measured with, for its card."""
    sizes = {"float_bytes": len(floating.content), "integer_bytes": len(integer.content)}
    return {
        "runtime": integer.classifier.interpreter.runtime,
        "metrics": figures.for_card(measured, **sizes),
    }


def _texts(measured: Figures, split_text: str) -> dict[str, str]:
    """What lies beside the model, by file name."""
    return {SPLIT_FILE: _compact_split(split_text), REPORT_FILE: figures.describe(measured) + "\n"}


def _compact_split(text: str) -> str:
    """The split without what its name and the class folders already say: a third of the size.

    A label is only told where its name does not begin with it: photographs of a list may lie anywhere.
    """
    rows = list(csv.DictReader(io.StringIO(text)))
    told = any(row["name"].partition("/")[0] != row["label"] for row in rows)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("name", *(("label",) if told else ()), "split", "sha256_prefix"))
    for row in rows:
        writer.writerow((row["name"], *((row["label"],) if told else ()), row["split"], row["sha256"][:16]))
    return buffer.getvalue()
