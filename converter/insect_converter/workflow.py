"""The two jobs of the converter, from the user's folders to the bundle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from insect_converter import bundle, dataset, pictures, progress, recipes, run_record, split
from insect_converter import export as exporting
from insect_converter import train as training

if TYPE_CHECKING:
    from insect_converter.dataset import Dataset
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
    """Photographs to bundle.

    Raises:
        InsectEdgeError: with one line that says what to do.
    """
    bundle.refuse_existing(options.out)
    recipe = recipes.load(options.recipe)
    found = dataset.read_class_folders(options.data, background=options.background)
    data = load(found, recipe, seed=options.seed)
    record = _record(options, recipe, labels=data.labels)
    split_text = split.to_csv(data.split, data.labels, data.pictures)
    run_record.create(options.run, record, split_text=split_text)
    _tell_roles(recipe, data.labels)
    model, history = training.fit(data, recipe, weights=options.backbone_weights, seed=options.seed, folder=options.run)
    (options.run / run_record.HISTORY_FILE).write_text(json.dumps(history, indent=1), encoding="utf-8")
    model.save(options.run / run_record.WEIGHTS_FILE)
    progress.say(f"the float model is in {options.run}")
    _export(
        model, data.split, recipe=recipe, record=record, split_text=split_text, out=options.out, force=options.force
    )


def export(run: Path, *, out: Path, force: bool) -> None:
    """Finished run to bundle.

    Raises:
        InsectEdgeError: with one line that says what to do.
    """
    bundle.refuse_existing(out)
    record = run_record.open_run(run)
    background = Path(record.background) if record.background else None
    found = dataset.read_class_folders(Path(record.data), background=background)
    split_text = (run / run_record.SPLIT_FILE).read_text(encoding="utf-8")
    divided = run_record.read_split(split_text, found)
    recipe = recipes.from_dict(record.recipe, source=str(run))
    model = keras.models.load_model(run / run_record.WEIGHTS_FILE, compile=False)
    _export(model, divided, recipe=recipe, record=record, split_text=split_text, out=out, force=force)


def load(found: Dataset, recipe: Recipe, *, seed: int) -> training.TrainingSet:
    """Decode, leave out what cannot be read (named and counted) and divide.

    Raises:
        DatasetError: when a class has too few readable photographs.
    """
    with progress.bar(total=len(found.photographs), description="decoding") as bar:
        decoded, unreadable = pictures.load(found.photographs, shorter_side=recipe.shorter_side, on_each=bar.update)
    for reason in unreadable.values():
        progress.say(f"left out: {reason}")
    kept = dataset.without(found, unreadable)
    divided = split.divide(kept, decoded, validation=recipe.validation, test=recipe.test, seed=seed)
    counts = ", ".join(f"{label} {count}" for label, count in kept.counts().items())
    progress.say(f"{len(kept.photographs)} photographs ({counts}); {len(unreadable)} unreadable left out")
    progress.say(
        f"split: {len(divided.train)} train, {len(divided.validation)} validation, {len(divided.test)} test; "
        f"{divided.groups} groups of near-duplicates kept together"
    )
    return training.TrainingSet(labels=kept.labels, split=divided, pictures=decoded)


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
    unknown = [label for label in labels if label not in recipe.labels and label != "background"]
    if unknown:
        progress.say(
            f"no role for {', '.join(unknown)}: say which are pests under [labels] in a recipe of your own, "
            "or in the daemon's configuration"
        )


def _export(
    model: Any,
    divided: split.Split,
    *,
    recipe: Recipe,
    record: run_record.RunRecord,
    split_text: str,
    out: Path,
    force: bool,
) -> None:
    exporting.export(model, split=divided, recipe=recipe, record=record, split_text=split_text, out=out, force=force)
    progress.say(f"wrote {out}")
