"""The jobs of the converter around training, from the user's photographs to the bundle.

TensorFlow takes seconds to import, so it is imported once everything that can be refused has been looked at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from insect_converter import (
    bundle,
    checkpoint,
    dataset,
    leave_out,
    progress,
    recipes,
    run_record,
    same_photographs,
    split,
    teacher_runs,
    tensorboard,
    training_set,
)
from insect_converter.errors import TrainingError
from insect_converter.quiet import native_silence
from insect_edge.model_bundle import CARD_FILE

if TYPE_CHECKING:
    from insect_converter.recipes import Recipe
    from insect_converter.run_record import RunRecord
    from insect_converter.split import Split
    from insect_converter.teachers import Teachers
    from insect_converter.training_set import TrainingSet


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """What the user asked for; see the command's help."""

    data: Path
    background: Path | None
    out: Path
    recipe: str
    backbone_weights: Path | None
    seed: int
    run: Path
    provenance: str
    licence: str
    force: bool
    changes: tuple[str, ...] = ()
    leave_out: Path | None = None
    unknown: Path | None = None
    teachers: tuple[Path, ...] = ()
    keep_leaks: bool = False


def train(options: TrainingOptions) -> None:
    """Photographs to bundle. What can be refused is refused before the long work begins.

    Raises:
        InsectEdgeError: with one line that says what to do.
    """
    check_places(options.out, options.run)
    recipe = recipes.load(options.recipe, options.changes)
    left_out = leave_out.read(options.leave_out) if options.leave_out else frozenset()
    found = dataset.read(options.data, background=options.background)
    _refuse_missing(options.unknown)
    import_tensorflow()
    from insect_converter import backbone as backbones  # noqa: PLC0415 - see above
    from insect_converter import unknown_insects  # noqa: PLC0415 - see above

    backbone = backbones.build_backbone(recipe, options.backbone_weights, seed=options.seed)
    data = training_set.load(found, recipe, seed=options.seed, leave_out=left_out, keep_leaks=options.keep_leaks)
    data = replace(data, strangers=unknown_insects.for_training(options.unknown, recipe))
    split_text = split.to_csv(data.split, data.labels, data.pictures)
    record = _record(options, recipe, labels=data.labels, split_text=split_text)
    taught_by = teacher_runs.find(options.teachers, record=record, split_text=split_text)
    record = replace(
        record,
        teachers=tuple((str(run.folder), run.sha256) for run in taught_by),
        leaks_kept=data.split.leaks_kept,
    )
    run_record.create(options.run, record, split_text=split_text)
    _tell_roles(recipe, data.labels)
    if not tensorboard.available():
        progress.say("no logs for TensorBoard: `pip install tensorboard` for them")
    model = _fit(data, recipe, backbone, record=record, run=options.run)
    _export(model, options.run, data.split, recipe, out=options.out, force=options.force)


def resume(run: Path, *, out: Path | None, force: bool) -> None:
    """Go on with a run that was interrupted, from its last finished epoch to the bundle.

    Args:
        run: its folder.
        out: of the bundle; None for the one the run was started with.
        force: write the bundle even if int8 lost more than the budget allows.

    Raises:
        InsectEdgeError: with one line that says what to do.
    """
    record, split_text = run_record.open_started(run)
    if out is None and record.out is None:
        raise TrainingError(f"{run}: the run does not say where its bundle goes: name the folder with --out")
    out = out or Path(str(record.out))
    check_places(out, run)
    if (run / run_record.WEIGHTS_FILE).is_file():
        checkpoint.remove(run)
        export(run, out=out, force=force)
        return
    if record.members:
        raise TrainingError(f"{run}: `combine` was interrupted here: delete the folder and combine the runs again")
    _refuse_missing(_path(record.unknown))
    recipe = recipes.from_dict(record.recipe, source=str(run))
    divided = _divided(record, split_text)
    standing = checkpoint.read(run) is not None
    import_tensorflow()
    from insect_converter import backbone as backbones  # noqa: PLC0415 - see above
    from insect_converter import unknown_insects  # noqa: PLC0415 - see above

    weights = _path(record.backbone_weights)
    # A checkpoint has all weights in it: the file they once came from may be gone.
    backbone = (
        backbones.build_empty(recipe) if standing else backbones.build_backbone(recipe, weights, seed=record.seed)
    )
    data = same_photographs.load(divided, recipe, labels=record.labels, split_text=split_text)
    data = replace(data, strangers=unknown_insects.for_training(_path(record.unknown), recipe))
    model = _fit(data, recipe, backbone, record=record, run=run, going_on=True)
    _export(model, run, data.split, recipe, out=out, force=force)


def export(run: Path, *, out: Path, force: bool, unknown: Path | None = None) -> None:
    """Finished run to bundle.

    Args:
        run: its folder.
        out: of the bundle.
        force: write the bundle even if int8 lost more than the budget allows.
        unknown: folder of photographs of insects the model does not know; None for the one the run was started with.

    Raises:
        InsectEdgeError: with one line that says what to do.
    """
    bundle.check_place(out)
    record, split_text = run_record.open_run(run)
    _refuse_missing(unknown or _path(record.unknown))
    divided = _divided(record, split_text)
    recipe = recipes.from_dict(record.recipe, source=str(run))
    import_tensorflow()
    from insect_converter import backbone as backbones  # noqa: PLC0415 - see above

    model = backbones.load_model(run / run_record.WEIGHTS_FILE)
    _export(model, run, divided, recipe, out=out, force=force, unknown=unknown)


def _fit(
    data: TrainingSet, recipe: Recipe, backbone: Any, *, record: RunRecord, run: Path, going_on: bool = False
) -> Any:
    """Train, and keep the float model; what only an unfinished run needs is taken away."""
    from insect_converter import train as training  # noqa: PLC0415 - see the module

    progress.say(f"the run is in {run}")
    try:
        model, history = training.fit(
            data,
            recipe,
            backbone=backbone,
            seed=record.seed,
            folder=run,
            resume=going_on,
            teachers=_teachers(record, recipe),
        )
    except KeyboardInterrupt:
        progress.say(f"interrupted: `insect-converter train --resume {run}` goes on")
        raise
    run_record.write_history(run, history)
    run_record.save_model(run, model)
    checkpoint.remove(run)
    progress.say(f"the float model is in {run}")
    return model


def _teachers(record: RunRecord, recipe: Recipe) -> Teachers | None:
    """The models that teach this run, where there are any."""
    if not record.teachers:
        return None
    from insect_converter import teachers  # noqa: PLC0415 - see the module

    runs = [teacher_runs.TeacherRun(folder=Path(folder), sha256=sha256) for folder, sha256 in record.teachers]
    plan = recipe.fine_tuning
    return teachers.Teachers.open(runs, share=plan.distillation, smoothing=plan.label_smoothing)


def _export(
    model: Any, run: Path, divided: Split, recipe: Recipe, *, out: Path, force: bool, unknown: Path | None = None
) -> None:
    """Make the bundle, and put down in the run what it scored."""
    from insect_converter import export as exporting  # noqa: PLC0415 - see the module
    from insect_converter import unknown_insects  # noqa: PLC0415 - as above

    record, split_text = run_record.open_run(run)
    exporting.export(
        model,
        split=divided,
        recipe=recipe,
        record=record,
        split_text=split_text,
        out=out,
        force=force,
        unknown=unknown_insects.find(unknown or _path(record.unknown)),
    )
    card = json.loads((out / CARD_FILE).read_text(encoding="utf-8"))
    kept = {key: card[key] for key in ("model_id", "created", "metrics", "gate") if key in card}
    run_record.write_scores(run, {"bundle": str(out.resolve()), **kept})
    progress.say(f"wrote {out}")


def _divided(record: RunRecord, split_text: str) -> Split:
    """The photographs of a run's split, found again."""
    found = dataset.read(Path(record.data), background=_path(record.background))
    return run_record.read_split(split_text, found, labels=record.labels)


def check_places(out: Path, run: Path) -> None:
    """Refuse a bundle where something is already, and a run within its bundle.

    Raises:
        ModelError: when the bundle cannot be written there.
        TrainingError: when the run would lie in it.
    """
    bundle.check_place(out)
    if run.resolve().is_relative_to(out.resolve()):
        raise TrainingError(f"{run}: the run would lie in the bundle's folder: name another one with --run")


def import_tensorflow() -> None:
    """Import TensorFlow without its greeting, before what needs it."""
    with native_silence():
        import tensorflow  # noqa: F401, PLC0415, ICN001 - see above; it greets everybody with what its build could do


def _record(options: TrainingOptions, recipe: Recipe, *, labels: tuple[str, ...], split_text: str) -> RunRecord:
    return run_record.RunRecord(
        recipe=recipe.as_dict(),
        seed=options.seed,
        data=str(options.data.resolve()),
        background=_absolute(options.background),
        labels=labels,
        versions=run_record.versions(),
        host=run_record.host(),
        started=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        provenance=options.provenance,
        licence=options.licence,
        changes=options.changes,
        out=_absolute(options.out),
        backbone_weights=_absolute(options.backbone_weights),
        data_sha256=run_record.data_hash(split_text),
        unknown=_absolute(options.unknown),
    )


def _absolute(path: Path | None) -> str | None:
    """As the run is gone on with, from whatever folder that may be."""
    return str(path.resolve()) if path else None


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _refuse_missing(unknown: Path | None) -> None:
    """Unknown insects are asked for after training, which is late to hear that they are not there."""
    from insect_converter import unknown_insects  # noqa: PLC0415 - imports what measures, which is slow, too

    unknown_insects.find(unknown)


def _tell_roles(recipe: Recipe, labels: tuple[str, ...]) -> None:
    unknown = [label for label in labels if recipe.facts(label).role is None]
    if unknown:
        progress.say(
            f"no role for {', '.join(unknown)}: say which are pests under [labels] in a recipe of your own, "
            "or in the daemon's configuration"
        )
