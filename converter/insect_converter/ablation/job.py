"""The job of `insect-converter ablate`: train a small recipe as it is and with each change, and hold them side by side.

All runs learn from the same photographs and are asked about the same others; what differs is the change, and the seed
of the training. No bundle is made: what counts is the float model. TensorFlow is imported once everything that can be
refused has been looked at.
"""

from __future__ import annotations

import dataclasses
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from insect_converter import dataset, leave_out, progress, run_record, split, training_set, whole_file, workflow
from insect_converter.ablation import plan as plans
from insect_converter.ablation import results
from insect_converter.ablation.plan import Need, Plan, Switch
from insect_converter.ablation.results import Result
from insect_converter.errors import TrainingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from insect_converter.dataset import Dataset
    from insect_converter.recipes import Recipe
    from insect_converter.teachers import Teachers
    from insect_converter.training_set import TrainingSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user asked for; see the command's help."""

    data: Path
    background: Path | None
    unknown: Path | None
    leave_out: Path | None
    teachers: tuple[Path, ...]
    backbone_weights: Path | None
    plan: str
    only: tuple[str, ...]
    seeds: int
    seed: int
    out: Path


def run(options: Options) -> None:
    """Train what has not been trained yet, and print the table.

    Raises:
        InsectEdgeError: with one line that says what to do.
    """
    plan = plans.load(options.plan)
    todo = _chosen(plan, options)
    # A run an hour in should not be the first to learn that nothing can be written.
    whole_file.check_place(options.out / results.FILE, replace=True)
    done = results.read(options.out)
    missing = [
        (seed, switch)
        for seed in range(1, options.seeds + 1)
        for switch in todo
        if not any(result.change == switch.name and result.seed == seed for result in done)
    ]
    if missing:
        _train(missing, plan, options, done=done)
    progress.say(f"{options.out / results.FILE} has {len(done)} runs")


def _chosen(plan: Plan, options: Options) -> list[Switch]:
    """The changes for which everything is at hand, the baseline first."""
    named = [switch.name for switch in plan.switches()]
    unknown = sorted(set(options.only) - {*named})
    if unknown:
        raise TrainingError(f"plan {options.plan}: no change is called {unknown[0]!r}: {', '.join(named)}")
    given = {Need.LEAVE_OUT: options.leave_out, Need.TEACHER: options.teachers, Need.UNKNOWN: options.unknown}
    chosen = []
    for switch in plan.switches():
        lacking = [need for need in switch.needs if not given[need]]
        if lacking:
            progress.say(f"left out: {switch.name}: it needs --{lacking[0]}")
        elif not options.only or switch.name in (plans.BASELINE, *options.only):
            chosen.append(switch)
    return chosen


def _train(todo: list[tuple[int, Switch]], plan: Plan, options: Options, *, done: list[Result]) -> None:
    """Every run of a list, each put down as soon as it is measured."""
    found = dataset.read(options.data, background=options.background)
    workflow.import_tensorflow()
    bench = _Bench(found, plan, options)
    for number, (seed, switch) in enumerate(todo, start=1):
        result = bench.measure(switch, seed=seed)
        done.append(result)
        results.write(options.out, done)
        progress.say(f"{number} of {len(todo)}: {switch.name}, seed {seed}: {_in_words(result)}")


def _in_words(result: Result) -> str:
    auroc = "" if result.auroc is None else f", unknown insects {result.auroc:.4f}"
    scores = f"top-1 {result.top1:.4f}, small {result.small:.4f}, loss {result.loss:.4f}{auroc}"
    return f"{scores}, {result.seconds:.0f} s of processor time"


class _Bench:
    """Where the runs of a plan are made, one after the other, from photographs that are decoded once."""

    def __init__(self, found: Dataset, plan: Plan, options: Options) -> None:
        self._found, self._plan, self._options = found, plan, options
        self._decoded: dict[tuple[Any, ...], TrainingSet] = {}
        self._unknown: dict[tuple[int, str], tuple[NDArray[np.uint8], ...]] = {}

    def measure(self, switch: Switch, *, seed: int) -> Result:
        """Train with one change, and ask the model."""
        import keras  # noqa: PLC0415 - slow, see the module

        from insect_converter import backbone as backbones  # noqa: PLC0415 - needs TensorFlow
        from insect_converter import train as training  # noqa: PLC0415 - as above
        from insect_converter.ablation import measured  # noqa: PLC0415 - as above

        keras.backend.clear_session()
        recipe = self._plan.recipe_of(switch)
        whole = self._photographs(recipe)
        data = self._learnt_from(whole, switch, recipe)
        backbone = backbones.build_backbone(recipe, self._options.backbone_weights, seed=seed)
        started = time.process_time()
        teachers = self._teachers(switch, recipe, data)
        # Its checkpoints are of no use to anybody: what is not finished is trained anew.
        with tempfile.TemporaryDirectory(prefix="insect-ablation-") as folder:
            model, _ = training.fit(data, recipe, backbone=backbone, seed=seed, folder=Path(folder), teachers=teachers)
        seconds = time.process_time() - started
        found = measured.scores(model, whole, recipe, strangers=self._strangers(recipe))
        return Result(change=switch.name, seed=seed, seconds=seconds, **dataclasses.asdict(found))

    def _photographs(self, recipe: Recipe) -> TrainingSet:
        key = (recipe.shorter_side, recipe.crop, recipe.validation, recipe.test)
        if key not in self._decoded:
            self._decoded[key] = training_set.load(self._found, recipe, seed=self._options.seed)
        return self._decoded[key]

    def _learnt_from(self, whole: TrainingSet, switch: Switch, recipe: Recipe) -> TrainingSet:
        """The photographs with this change's own: some left out, or strangers beside them."""
        from insect_converter import unknown_insects  # noqa: PLC0415 - imports what measures, which is slow

        if Need.LEAVE_OUT in switch.needs and self._options.leave_out:
            names = leave_out.read(self._options.leave_out)
            whole = replace(whole, split=training_set.lessened(whole.split, names, labels=whole.labels))
        return replace(whole, strangers=unknown_insects.for_training(self._options.unknown, recipe))

    def _strangers(self, recipe: Recipe) -> tuple[NDArray[np.uint8], ...]:
        """Unknown insects to report on."""
        from insect_converter import unknown_insects  # noqa: PLC0415 - as above

        if self._options.unknown is None:
            return ()
        key = (recipe.shorter_side, str(recipe.crop))
        if key not in self._unknown:
            paths = unknown_insects.find(self._options.unknown)
            self._unknown[key] = unknown_insects.to_report(paths, shorter_side=key[0], crop=key[1])
        return self._unknown[key]

    def _teachers(self, switch: Switch, recipe: Recipe, data: TrainingSet) -> Teachers | None:
        from insect_converter import teacher_runs, teachers  # noqa: PLC0415 - needs TensorFlow

        if Need.TEACHER not in switch.needs:
            return None
        text = split.to_csv(data.split, data.labels, data.pictures)
        record = run_record.RunRecord(
            recipe=recipe.as_dict(),
            seed=self._options.seed,
            data=str(self._options.data),
            background=None,
            labels=data.labels,
            versions={},
            host="",
            started="",
            provenance="",
            licence="",
        )
        runs = teacher_runs.find(self._options.teachers, record=record, split_text=text)
        plan = recipe.fine_tuning
        return teachers.Teachers.open(runs, share=plan.distillation, smoothing=plan.label_smoothing)
