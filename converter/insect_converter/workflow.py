"""The two jobs of the converter, from the user's folders to the bundle.

TensorFlow takes seconds to import, so it is imported once everything that can be refused has been looked at.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from insect_converter import bundle, dataset, progress, recipes, run_record, split, training_set
from insect_converter.errors import TrainingError
from insect_converter.quiet import native_silence

if TYPE_CHECKING:
    from insect_converter.recipes import Recipe


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


def train(options: TrainingOptions) -> None:
    """Photographs to bundle. What can be refused is refused before the long work begins.

    Raises:
        InsectEdgeError: with one line that says what to do.
    """
    _check_places(options)
    recipe = recipes.load(options.recipe)
    found = dataset.read_class_folders(options.data, background=options.background)
    _import_tensorflow()
    from insect_converter import backbone as backbones  # noqa: PLC0415 - see above
    from insect_converter import export as exporting  # noqa: PLC0415 - see above
    from insect_converter import train as training  # noqa: PLC0415 - see above

    backbone = backbones.build_backbone(recipe, options.backbone_weights)
    data = training_set.load(found, recipe, seed=options.seed)
    record = _record(options, recipe, labels=data.labels)
    split_text = split.to_csv(data.split, data.labels, data.pictures)
    run_record.create(options.run, record, split_text=split_text)
    _tell_roles(recipe, data.labels)
    model, history = training.fit(data, recipe, backbone=backbone, seed=options.seed, folder=options.run)
    with run_record.writing(options.run):
        (options.run / run_record.HISTORY_FILE).write_text(json.dumps(history, indent=1), encoding="utf-8")
        model.save(options.run / run_record.WEIGHTS_FILE)
    progress.say(f"the float model is in {options.run}")
    exporting.export(
        model,
        split=data.split,
        recipe=recipe,
        record=record,
        split_text=split_text,
        out=options.out,
        force=options.force,
    )
    progress.say(f"wrote {options.out}")


def export(run: Path, *, out: Path, force: bool) -> None:
    """Finished run to bundle.

    Raises:
        InsectEdgeError: with one line that says what to do.
    """
    bundle.check_place(out)
    record, split_text = run_record.open_run(run)
    background = Path(record.background) if record.background else None
    found = dataset.read_class_folders(Path(record.data), background=background)
    divided = run_record.read_split(split_text, found, labels=record.labels)
    recipe = recipes.from_dict(record.recipe, source=str(run))
    _import_tensorflow()
    from insect_converter import backbone as backbones  # noqa: PLC0415 - see above
    from insect_converter import export as exporting  # noqa: PLC0415 - see above

    model = backbones.load_model(run / run_record.WEIGHTS_FILE)
    exporting.export(model, split=divided, recipe=recipe, record=record, split_text=split_text, out=out, force=force)
    progress.say(f"wrote {out}")


def _check_places(options: TrainingOptions) -> None:
    bundle.check_place(options.out)
    if options.run.resolve().is_relative_to(options.out.resolve()):
        raise TrainingError(f"{options.run}: the run would lie in the bundle's folder: name another one with --run")


def _import_tensorflow() -> None:
    with native_silence():
        import tensorflow  # noqa: F401, PLC0415, ICN001 - see above; it greets everybody with what its build could do


def _record(options: TrainingOptions, recipe: Recipe, *, labels: tuple[str, ...]) -> run_record.RunRecord:
    return run_record.RunRecord(
        recipe=recipe.as_dict(),
        seed=options.seed,
        data=str(options.data.resolve()),
        background=str(options.background.resolve()) if options.background else None,
        labels=labels,
        versions=run_record.versions(),
        host=run_record.host(),
        started=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        provenance=options.provenance,
        licence=options.licence,
    )


def _tell_roles(recipe: Recipe, labels: tuple[str, ...]) -> None:
    unknown = [label for label in labels if recipe.facts(label).role is None]
    if unknown:
        progress.say(
            f"no role for {', '.join(unknown)}: say which are pests under [labels] in a recipe of your own, "
            "or in the daemon's configuration"
        )
