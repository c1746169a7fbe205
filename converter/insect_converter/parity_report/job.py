"""The whole comparison, from the user's folders to the report. What can be refused is refused before TensorFlow."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from insect_converter import calibrate, calibration, dataset, evaluate, float_model, parity, progress
from insect_converter.errors import FloatModelError, GateError
from insect_converter.parity_report import answers, files, saturation, statistics
from insect_converter.parity_report import sample as samples
from insect_converter.parity_report.measured import Models, ParityReport, Ranges, Sample
from insect_edge import model_bundle, preprocess
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.adapters.pictures import read_picture
from insect_edge.classifier import Classifier
from insect_edge.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from insect_converter.dataset import Photograph
    from insect_converter.float_model import FloatModel
    from insect_converter.parity_report.answers import Answers
    from insect_converter.parity_report.layers import LayerError
    from insect_converter.parity_report.sample import Chosen
    from insect_edge.card import ModelCard
    from insect_edge.model_bundle import ModelBundle

_SEED = 1
"""Of the bootstrap, and of the calibration error's folds where the card names no seed."""
_LAYER_PICTURES = 48
"""Photographs on which layers are looked into: shares settle, and it stays a matter of seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityOptions:
    """What the user asked for; see the command's help."""

    bundle: Path
    data: Path
    background: Path | None
    run: Path | None
    float_file: Path | None
    everything: bool
    out: Path | None
    force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """A verified bundle, its card and its float model's file."""

    bundle: ModelBundle
    card: ModelCard
    found: FloatModel


def run(options: ParityOptions) -> ParityReport:
    """Compare, and write the files where asked.

    Raises:
        InsectEdgeError: with one line that says what to do; a gate that stays shut is not raised but reported.
    """
    if options.out is not None:
        files.check_place(options.out)
    subject = _open(options)
    found = dataset.read(options.data, background=options.background)
    labels = [label.name for label in subject.card.labels]
    chosen = samples.choose(options.bundle, found, labels=labels, everything=options.everything)
    with contextlib.ExitStack() as stack:
        report = _report(subject, chosen, options=options, stack=stack)
    if options.out is not None:
        files.write(options.out, report)
    return report


def pass_gate(report: ParityReport) -> None:
    """End the command as the gate says.

    Raises:
        GateError: when the integer model lost more than the budget.
    """
    if report.failures:
        raise GateError(
            f"{report.models.model_id} is over budget: {'; '.join(report.failures)}: "
            "look at the worst layers and ranges, or train again"
        )


def _open(options: ParityOptions) -> _Subject:
    bundle = model_bundle.open_model(options.bundle)
    if bundle.card is None:
        raise ModelError(f"{options.bundle}: a bare model has no card to compare by: name a bundle's folder")
    found = float_model.locate(run=options.run, file=options.float_file, card=bundle.card, force=options.force)
    return _Subject(bundle=bundle, card=bundle.card, found=found)


def _report(subject: _Subject, chosen: Chosen, *, options: ParityOptions, stack: contextlib.ExitStack) -> ParityReport:
    folder, content = _float_content(subject.found, stack)
    integer = _classifier(subject.bundle.content, subject.card, name=subject.card.model_id)
    floating = _floating(content, subject)
    said = answers.ask(chosen.compared, floating=floating, integer=integer)
    usable = _usable(chosen, said)
    error = _calibration_error(said, chosen.calibration, integer=integer)
    compared = parity.compare(said.floating, said.integer, said.truth, calibration_error=error)
    names = [label.name for label in subject.card.labels]
    layers, layers_missing = _layers(folder, usable, subject=subject)
    return ParityReport(
        models=_models(subject, integer),
        sample=_sample(chosen, said, everything=options.everything),
        accuracies=statistics.accuracies(said.floating, said.integer, said.truth, seed=_SEED),
        parity=compared,
        failures=tuple(compared.failures()),
        same_verdict=_same_verdict(said, subject.card),
        recalls=statistics.recall_changes(said.floating, said.integer, said.truth, labels=names),
        drift=statistics.drift(said.floating, said.integer, temperature=subject.card.temperature),
        flips=statistics.flips(
            said.floating,
            said.integer,
            said.truth,
            names=[photograph.name for photograph in said.photographs],
            labels=names,
            temperature=subject.card.temperature,
        ),
        layers=layers,
        layers_missing=layers_missing,
        ranges=_ranges(content, usable, subject=subject, integer=integer),
    )


def _float_content(found: FloatModel, stack: contextlib.ExitStack) -> tuple[Path | None, bytes]:
    """The network as a SavedModel, where it can be had, and as float TFLite."""
    if not found.is_keras:
        return None, float_model.read_tflite(found)
    model = float_model.open_keras(found)
    from insect_converter import quantize  # noqa: PLC0415 - needs TensorFlow

    progress.say("converting the float model to TFLite")
    folder = stack.enter_context(quantize.saved(model))
    return folder, quantize.to_float(folder)


def _classifier(content: bytes, card: ModelCard, *, name: str) -> Classifier:
    return Classifier(LiteRtInterpreter(content, name=name), card)


def _floating(content: bytes, subject: _Subject) -> Classifier:
    """The float model under the bundle's card, less its golden score, which is the integer model's."""
    path = subject.found.path
    try:
        floating = _classifier(content, replace(subject.card, golden=None), name=str(path))
    except ModelError as error:
        raise FloatModelError(f"{path}: not the float model of {subject.card.model_id} ({error})") from error
    kinds = {floating.interpreter.input.dtype, floating.interpreter.output.dtype}
    if kinds != {"float32"}:
        raise FloatModelError(f"{path}: takes or gives {', '.join(sorted(kinds))}: name a float model")
    return floating


def _same_verdict(said: Answers, card: ModelCard) -> float:
    """Share of photographs that amount to the same on the Pi: the same label, `unknown`, or nothing."""
    before, after = (
        [verdict.label if verdict else None for verdict in evaluate.verdicts_of(logits, card)]
        for logits in (said.floating, said.integer)
    )
    return sum(first == second for first, second in zip(before, after, strict=True)) / len(before)


def _usable(chosen: Chosen, said: Answers) -> Chosen:
    """The same without what could not be read, which has been told by now."""
    training = tuple(photograph for photograph in chosen.training if photograph.name not in said.unreadable)
    return replace(chosen, compared=said.photographs, training=training)


def _calibration_error(said: Answers, others: Sequence[Photograph], *, integer: Classifier) -> float:
    """Of the integer model, as its card has it: over test and validation photographs, cross-validated."""
    logits, truth = said.integer, said.truth
    if others:
        more = np.stack([integer.logits(read_picture(photograph.path)) for photograph in others])
        labels = np.array([photograph.label for photograph in others], dtype=np.int64)
        logits, truth = np.concatenate([more, logits]), np.concatenate([labels, truth])
    seed = int(integer.card.details.get("seed", _SEED))
    return calibration.cross_validated_error(logits, truth, seed=seed)


def _layers(
    folder: Path | None, chosen: Chosen, *, subject: _Subject
) -> tuple[tuple[LayerError, ...] | None, str | None]:
    """Error by layer, or why there is none."""
    if folder is None:
        return None, "a .tflite cannot be converted once more: name float.keras to see it"
    if not chosen.training:
        return None, "the photographs for training, from which the ranges come, are not in the data"
    from insect_converter.parity_report import layers  # noqa: PLC0415 - needs TensorFlow

    progress.say("looking into the layers")
    contract = subject.card.input
    return layers.measure(
        folder,
        representative=calibrate.representative(_pixels(_representative(chosen, subject)), contract=contract),
        pictures=calibrate.representative(_pixels(_looked_into(chosen)), contract=contract),
    ), None


def _ranges(content: bytes, chosen: Chosen, *, subject: _Subject, integer: Classifier) -> Ranges:
    contract = subject.card.input
    views = [
        preprocess.to_model_pixels(pixels, region=None, contract=contract) for pixels in _pixels(_looked_into(chosen))
    ]
    tensors: list[NDArray[np.float32]] = [preprocess.normalize(view, contract)[np.newaxis] for view in views]
    coverage = None
    if chosen.training:
        drawn = [photograph.label for photograph in _representative(chosen, subject)]
        coverage = {label.name: drawn.count(label.index) for label in subject.card.labels}
    return Ranges(
        coverage=coverage,
        per_label=calibrate.per_label(len(subject.card.labels)),
        measured_on=len(views),
        input_clipped=saturation.of_input(views, contract=contract, spec=integer.interpreter.input),
        layers=saturation.of_layers(content, subject.bundle.content, tensors),
    )


def _representative(chosen: Chosen, subject: _Subject) -> list[Photograph]:
    """The photographs that fixed the bundle's ranges, as far as they are there."""
    seed = int(subject.card.details.get("seed", _SEED))
    labels = [photograph.label for photograph in chosen.training]
    wanted = calibrate.per_label(len(subject.card.labels))
    return [chosen.training[at] for at in calibrate.choose(labels, per_label=wanted, seed=seed)]


def _looked_into(chosen: Chosen) -> list[Photograph]:
    """Some of the compared photographs, labels taking turns."""
    labels = [photograph.label for photograph in chosen.compared]
    turns = calibrate.choose(labels, per_label=_LAYER_PICTURES, seed=_SEED)
    return [chosen.compared[at] for at in turns[:_LAYER_PICTURES]]


def _pixels(photographs: Sequence[Photograph]) -> Iterator[NDArray[np.uint8]]:
    return (read_picture(photograph.path) for photograph in photographs)


def _models(subject: _Subject, integer: Classifier) -> Models:
    return Models(
        model_id=subject.card.model_id,
        integer_sha256=str(subject.card.sha256),
        float_file=str(subject.found.path),
        float_sha256=subject.found.sha256,
        float_verified=subject.found.verified,
        runtime=integer.interpreter.runtime,
    )


def _sample(chosen: Chosen, said: Answers, *, everything: bool) -> Sample:
    return Sample(
        split="all" if everything else "test",
        used=len(said.photographs),
        asked=chosen.asked,
        missing=chosen.missing,
        changed=chosen.changed,
        unreadable=said.unreadable,
        other_labels=chosen.other_labels,
        trained_on=chosen.trained_on,
    )
