"""The job of `combine`: finished runs become one run whose model has all of theirs in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_converter import calibration, dataset, progress, recipes, run_record, same_photographs, workflow
from insect_converter.errors import TrainingError
from insect_converter.split import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from insect_converter.recipes import Recipe
    from insect_converter.run_record import RunRecord
    from insect_converter.views import Views

LEAST = 2
"""One run alone is a model already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CombineOptions:
    """What the user asked for; see the command's help."""

    runs: tuple[Path, ...]
    run: Path
    out: Path
    provenance: str | None
    licence: str | None
    force: bool
    average: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A finished run that is to be part of an ensemble."""

    folder: Path
    record: RunRecord
    recipe: Recipe
    split_text: str


def combine(options: CombineOptions) -> None:
    """Runs to one run and its bundle. What can be refused is refused before TensorFlow is imported.

    Raises:
        InsectEdgeError: with one line that says what to do.
    """
    workflow.check_places(options.out, options.run)
    run_record.refuse_existing(options.run)
    members = find(options.runs, average=options.average)
    record = _record(members, options)
    first = members[0]
    background = first.record.background
    found = dataset.read(Path(first.record.data), background=Path(background) if background else None)
    divided = run_record.read_split(first.split_text, found, labels=record.labels)
    workflow.import_tensorflow()
    from insect_converter import backbone, ensemble, views  # noqa: PLC0415 - see above

    models = [backbone.load_model(member.folder / run_record.WEIGHTS_FILE) for member in members]
    held_back = same_photographs.load(
        replace(divided, train=(), test=()), first.recipe, labels=record.labels, split_text=first.split_text
    )
    seen = views.model_views(held_back, Part.VALIDATION, first.recipe)
    history = [_examined(model, seen, name=member.folder.name) for model, member in zip(models, members, strict=True)]
    if options.average:
        model = ensemble.average(models)
    else:
        temperatures = [entry["temperature"] for entry in history]
        model = ensemble.build(models, temperatures, image_size=first.recipe.image_size)
    history.append(_examined(model, seen, name="together"))
    run_record.create(options.run, record, split_text=first.split_text)
    run_record.write_history(options.run, history)
    run_record.save_model(options.run, model)
    progress.say(f"the float model is in {options.run}")
    workflow.export(options.run, out=options.out, force=options.force)


def find(folders: Sequence[Path], *, average: bool = False) -> tuple[Member, ...]:
    """Finished runs that can be one.

    Args:
        folders: of the runs.
        average: whether their weights are to be averaged, which takes networks of the same shape.

    Raises:
        TrainingError: when there are too few, one has not finished, or they do not fit each other.
    """
    if len(set(folders)) < LEAST:
        raise TrainingError(f"{len(set(folders))} run to combine: name two or more, each once")
    members = [_read(folder) for folder in folders]
    for member in members:
        _refuse_other(member, members[0])
        if average:
            _refuse_other_start(member, members[0])
    _refuse_other_strangers(members)
    return tuple(members)


def _read(folder: Path) -> Member:
    record, split_text = run_record.open_run(folder)
    recipe = recipes.from_dict(record.recipe, source=str(folder))
    if recipe.network is not recipes.Network.MOBILENET_V2:
        raise TrainingError(f"{folder}: its network is {recipe.network}: only MobileNetV2 can be combined")
    if record.members and not record.averaged:
        raise TrainingError(f"{folder}: a combination already: name the runs it was made of")
    return Member(folder=folder, record=record, recipe=recipe, split_text=split_text)


def _refuse_other(member: Member, first: Member) -> None:
    """All must have learnt from the same photographs, or the first one's test photographs would test none of them."""
    if member.record.labels != first.record.labels:
        raise TrainingError(
            f"{member.folder} tells {', '.join(member.record.labels)} apart, {first.folder} "
            f"{', '.join(first.record.labels)}: train both on the same folders"
        )
    if member.split_text != first.split_text:
        raise TrainingError(
            f"{member.folder} and {first.folder} learnt from other photographs: one has seen what the other is "
            "tested on: train both on the same folders with the same --seed"
        )
    if member.recipe.contract() != first.recipe.contract():
        raise TrainingError(
            f"{member.folder} takes pictures of {member.recipe.image_size} pixels, {first.folder} of "
            f"{first.recipe.image_size}: combine what takes the same"
        )


def _refuse_other_strangers(members: Sequence[Member]) -> None:
    """Reporting on one folder's half would report on what another member may have learnt."""
    learnt = {member.record.unknown: member.folder for member in members if _learnt_unknown(member)}
    if len(learnt) > 1:
        said = "; ".join(f"{folder} learnt unknown insects from {unknown}" for unknown, folder in learnt.items())
        raise TrainingError(f"{said}: train all with the same --unknown")


def _refuse_other_start(member: Member, first: Member) -> None:
    """Only what began with the same weights lies in one valley, whose middle is worth anything."""
    if member.recipe.alpha != first.recipe.alpha:
        raise TrainingError(
            f"{member.folder} has alpha {member.recipe.alpha:g}, {first.folder} {first.recipe.alpha:g}: "
            "only networks of the same width can be averaged: leave --average out"
        )
    begun = {member.record.backbone_weights, first.record.backbone_weights} - {None}
    if len(begun) > 1:
        raise TrainingError(
            f"{member.folder} began with {member.record.backbone_weights}, {first.folder} with "
            f"{first.record.backbone_weights}: only what began alike can be averaged: leave --average out"
        )


def _learnt_unknown(member: Member) -> bool:
    return member.recipe.learns_unknown and member.record.unknown is not None


def _record(members: Sequence[Member], options: CombineOptions) -> RunRecord:
    """What goes into the combination; what the members do not share is in their own records."""
    first = members[0]
    # Whoever has learnt from unknown insects decides which of them may be reported on.
    knowing = next((member for member in members if _learnt_unknown(member)), first)
    unknown = knowing.record.unknown or next((m.record.unknown for m in members if m.record.unknown), None)
    return replace(
        first.record,
        recipe=knowing.recipe.as_dict() | {"name": _name(members, average=options.average)},
        versions=run_record.versions(),
        host=run_record.host(),
        started=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        provenance=options.provenance or first.record.provenance,
        licence=options.licence or first.record.licence,
        out=str(options.out.resolve()),
        backbone_weights=None,
        unknown=unknown,
        teachers=tuple(dict.fromkeys(teacher for member in members for teacher in member.record.teachers)),
        leaks_kept=max(member.record.leaks_kept for member in members),
        members=tuple((str(member.folder.resolve()), str(member.record.float_sha256)) for member in members),
        averaged=options.average,
        float_sha256=None,
    )


def _name(members: Sequence[Member], *, average: bool) -> str:
    """Of the recipe: those of the members, with what was done to them."""
    names = [member.recipe.name for member in members]
    return f"mean({', '.join(names)})" if average else " + ".join(names)


def _examined(model: Any, seen: Views, *, name: str) -> dict[str, Any]:
    """How a float model does on the validation photographs, and its temperature; said, and for the history."""
    from insect_converter.batches import PlainBatches  # noqa: PLC0415 - needs TensorFlow

    logits = model.predict(PlainBatches(seen.pixels), verbose=0)
    truth = seen.targets.argmax(axis=1)
    temperature = calibration.fit_temperature(logits, truth)
    accuracy = float(np.mean(logits.argmax(axis=1) == truth))
    loss = calibration.least_loss(logits, truth)
    progress.say(f"{name}: validation accuracy {accuracy:.4f}, loss {loss:.4f} at temperature {temperature:.2f}")
    return {
        "stage": "ensemble",
        "member": name,
        "val_accuracy": accuracy,
        "val_loss": float(loss),
        "temperature": float(temperature),
    }
