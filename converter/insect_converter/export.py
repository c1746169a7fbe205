"""From a finished run to a verified bundle: quantize, measure, calibrate, pass the gate, write."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_converter import bundle, calibrate, calibration, evaluate, parity, progress, quantize
from insect_converter.errors import GateError
from insect_converter.run_record import text_hash
from insect_converter.split import Part
from insect_converter.train import contract_for
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.adapters.pictures import read_picture
from insect_edge.card import DEFAULT_THRESHOLD, ModelCard
from insect_edge.classifier import Classifier
from insect_edge.domain import BACKGROUND, Label, Role
from insect_edge.postprocess import softmax

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from insect_converter.dataset import Photograph
    from insect_converter.recipes import Recipe
    from insect_converter.run_record import RunRecord
    from insect_converter.split import Split

REPORT_FILE = "report.txt"
SPLIT_FILE = "split.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What a model answered to one set of photographs.

    Attributes:
        logits: (photographs, labels).
        truth: (photographs,) label indices.
    """

    logits: NDArray[np.float32]
    truth: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """One form of the model, its size in bytes and its answers by part."""

    classifier: Classifier
    size: int
    outputs: dict[Part, Outputs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything that was measured; `verdicts` holds shares of test photographs."""

    floating: evaluate.Metrics
    integer: evaluate.Metrics
    parity: parity.Parity
    calibration_error_before: float
    verdicts: dict[str, float]
    table: str


def export(
    model: Any, *, split: Split, recipe: Recipe, record: RunRecord, split_text: str, out: Path, force: bool
) -> Figures:
    """Make and write the bundle of a trained model.

    Args:
        model: float Keras model with logits.
        split: of the photographs.
        recipe: the run's.
        record: of the run.
        split_text: the split as written down.
        out: folder of the bundle, must not exist; its name becomes the model id.
        force: write the bundle even if the gate stays shut; the card says so.

    Raises:
        GateError: when integer lost more than the budget; nothing is written.
        ConversionError: when the model does not become fully integer.
        ModelError: when the bundle cannot be written.
    """
    bundle.refuse_existing(out)
    card = _first_card(out.name, recipe, record.labels)
    progress.say("converting to float and integer TFLite")
    content = quantize.to_integer(model, _representative(split, recipe, seed=record.seed))
    integers = quantize.inspect(content)
    floating = _render(quantize.to_float(model), card, split, name="float")
    integer = _render(content, card, split, name="int8")
    card = _calibrated(card, integer.outputs[Part.VALIDATION], recipe)
    figures = _figures(floating, integer, card=card, seed=record.seed)
    progress.say(describe(figures))
    failures = figures.parity.failures()
    if failures and not force:
        raise GateError(
            f"the integer model is over budget: {'; '.join(failures)}: nothing was written (--force writes it)"
        )
    calibrated = Classifier(integer.classifier.interpreter, card)
    golden = bundle.choose_golden(calibrated, Classifier(floating.classifier.interpreter, card))
    details = _details(figures, recipe=recipe, record=record, failures=failures)
    details["operators"] = integers.operators
    details["metrics"] |= {"size_bytes": {"float": floating.size, "int8": integer.size}}
    details["runtime"] = integer.classifier.interpreter.runtime
    details["dataset"] |= {"split_sha256": text_hash(split_text)}
    card = replace(card, golden=golden, details=details)
    extra = {SPLIT_FILE: _compact_split(split_text), REPORT_FILE: describe(figures) + "\n"}
    bundle.write(out, content=content, card=card, extra=extra)
    return figures


def describe(figures: Figures) -> str:
    """The figures as a person reads them."""
    rows = [
        f"{'test photographs':<28}{figures.integer.photographs:>10}",
        f"{'':<28}{'float':>10}{'int8':>10}",
        *(
            f"{name:<28}{getattr(figures.floating, key):>10.4f}{getattr(figures.integer, key):>10.4f}"
            for name, key in (
                ("top-1", "top1"),
                ("top-1 of the insects", "insect_top1"),
                ("top-5", "top5"),
                ("macro F1", "macro_f1"),
            )
        ),
        f"{'agreement':<28}{figures.parity.agreement:>20.4f}",
        f"{'top-1 drop, 95 % bound':<28}{figures.parity.top1_drop:>10.4f}{figures.parity.top1_drop_bound:>10.4f}",
        f"{'calibration error, before':<28}{figures.calibration_error_before:>20.4f}",
        f"{'calibration error, after':<28}{figures.parity.expected_calibration_error:>20.4f}",
        *(f"{'verdicts: ' + name.replace('_', ' '):<28}{share:>20.4f}" for name, share in figures.verdicts.items()),
    ]
    return "\n".join([*rows, "", "int8, per label:", figures.table.rstrip()])


def _first_card(model_id: str, recipe: Recipe, labels: Sequence[str]) -> ModelCard:
    facts = [recipe.labels.get(name) for name in labels]
    return ModelCard(
        model_id=model_id,
        labels=tuple(
            Label(
                index=index,
                name=name,
                role=(fact.role if fact else None) or (Role.BACKGROUND if name == BACKGROUND else None),
                taxon=fact.taxon if fact else None,
                threshold=DEFAULT_THRESHOLD,
            )
            for index, (name, fact) in enumerate(zip(labels, facts, strict=True))
        ),
        input=contract_for(recipe),
        activation="logits",
    )


def _representative(split: Split, recipe: Recipe, *, seed: int) -> Any:
    chosen = calibrate.choose([item.label for item in split.train], per_label=calibrate.PER_LABEL, seed=seed)
    pictures = [read_picture(split.train[position].path) for position in chosen]
    return calibrate.representative(pictures, contract=contract_for(recipe))


def _render(content: bytes, card: ModelCard, split: Split, *, name: str) -> Rendering:
    classifier = Classifier(LiteRtInterpreter(content, name=f"{card.model_id} {name}", threads=1), card)
    outputs = {part: _answer(classifier, split.part(part), name=name) for part in (Part.VALIDATION, Part.TEST)}
    return Rendering(classifier=classifier, size=len(content), outputs=outputs)


def _answer(classifier: Classifier, photographs: Sequence[Photograph], *, name: str) -> Outputs:
    with progress.bar(total=len(photographs), description=f"evaluating {name}") as bar:
        # Straight from the files, at full size: the way of `insect-edge classify`.
        pictures = (read_picture(photograph.path) for photograph in photographs)
        logits = evaluate.logits_of(classifier, pictures, on_each=bar.update)
    return Outputs(logits=logits, truth=np.array([photograph.label for photograph in photographs], dtype=np.int64))


def _calibrated(card: ModelCard, validation: Outputs, recipe: Recipe) -> ModelCard:
    temperature = round(calibration.fit_temperature(validation.logits, validation.truth), 4)
    thresholds = calibration.fit_thresholds(
        softmax(validation.logits, temperature=temperature),
        validation.truth,
        background=_background(card),
        target=recipe.thresholds,
    )
    named = {label.name: threshold for label, threshold in zip(card.labels, thresholds, strict=True)}
    return replace(card.with_thresholds(named), temperature=temperature)


def _background(card: ModelCard) -> int | None:
    return next((label.index for label in card.labels if label.role is Role.BACKGROUND), None)


def _figures(floating: Rendering, integer: Rendering, *, card: ModelCard, seed: int) -> Figures:
    names, background = [label.name for label in card.labels], _background(card)
    test = integer.outputs[Part.TEST]
    both = [integer.outputs[part] for part in (Part.VALIDATION, Part.TEST)]
    error = calibration.cross_validated_error(
        np.concatenate([part.logits for part in both]), np.concatenate([part.truth for part in both]), seed=seed
    )
    return Figures(
        floating=evaluate.measure(floating.outputs[Part.TEST].logits, test.truth, labels=names, background=background),
        integer=evaluate.measure(test.logits, test.truth, labels=names, background=background),
        parity=parity.compare(floating.outputs[Part.TEST].logits, test.logits, test.truth, calibration_error=error),
        calibration_error_before=calibration.calibration_error(softmax(test.logits, temperature=1.0), test.truth),
        verdicts=evaluate.verdict_shares(softmax(test.logits, temperature=card.temperature), test.truth, card.labels),
        table=evaluate.table(test.logits, test.truth, labels=names),
    )


def _details(figures: Figures, *, recipe: Recipe, record: RunRecord, failures: list[str]) -> dict[str, Any]:
    measured = asdict(figures.parity)
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "recipe": recipe.as_dict(),
        "seed": record.seed,
        "versions": record.versions,
        "host": record.host,
        "dataset": {"provenance": record.provenance, "licence": record.licence},
        "metrics": {
            "test_photographs": figures.integer.photographs,
            "float": asdict(figures.floating),
            "int8": asdict(figures.integer),
            "parity": measured,
            "verdicts": figures.verdicts,
            "calibration_error_before_temperature": figures.calibration_error_before,
        },
        "gate": {"passed": not failures, "failures": failures},
    }


def _compact_split(text: str) -> str:
    """The split without what its name and the class folders already say: a third of the size."""
    rows = [f"{row['name']},{row['split']},{row['sha256'][:16]}\n" for row in csv.DictReader(io.StringIO(text))]
    return "name,split,sha256_prefix\n" + "".join(rows)
