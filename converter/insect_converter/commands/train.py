"""`insect-converter train`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from insect_converter.commands import FILE, FOLDER, PLACE

_TEACHER_HELP = "Finished run whose model's scores are learnt beside the labels; may be given several times."
_LEAKS_HELP = (
    "Learn even from photographs that also lie in the data's own test part, as published scores may have been."
)
_WITH_RESUME = frozenset({"resume", "out", "force"})


@click.command("train")
@click.option("--data", type=PLACE, help="Folder with one folder of photographs a class, or a list of photographs.")
@click.option("--background", type=FOLDER, help="Folder of pictures of anything but insects.")
@click.option("--unknown", type=FOLDER, help="Folder of photographs of insects that are none of the classes.")
@click.option("--leave-out", type=FILE, help="List of photographs not to learn from: a CSV with names, or one a line.")
@click.option("--keep-leaks", is_flag=True, help=_LEAKS_HELP)
@click.option("--out", type=FOLDER, help="The bundle's folder; must not exist.")
@click.option("--recipe", default="garden-pests", show_default=True, help="Name of a recipe, or a .toml file.")
@click.option("--set", "changes", metavar="KEY=VALUE", multiple=True, help="Change the recipe: fine_tuning.epochs=3.")
@click.option("--backbone-weights", type=FILE, help="Pretrained MobileNetV2 without top; default: Keras' download.")
@click.option("--teacher", "teachers", metavar="RUN", type=FOLDER, multiple=True, help=_TEACHER_HELP)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of split and training.")
@click.option("--run", type=FOLDER, help="Folder for float weights and records; default runs/<name>-<time>.")
@click.option("--resume", metavar="RUN", type=FOLDER, help="Go on with this run's folder; needs no other option.")
@click.option("--provenance", default="not stated", help="Where the photographs are from, for the card.")
@click.option("--licence", default="not stated", help="The photographs' licence, for the card.")
@click.option("--force", is_flag=True, help="Write the bundle even if int8 lost more than the budget allows.")
@click.pass_context
def command(context: click.Context, /, **options: Any) -> None:
    """Train a model on photographs and write its verified bundle.

    A run that was interrupted, by whatever, is gone on with from its last finished epoch: --resume RUN. Where the
    package tensorboard is installed, the curves are in RUN/tensorboard as well.
    """
    resume = options.pop("resume")
    _check_usage(context, options, resume=resume)
    from insect_converter import workflow  # noqa: PLC0415 - needs the extra's packages

    if resume is not None:
        workflow.resume(resume, out=options["out"], force=options["force"])
        return
    if options["run"] is None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        options["run"] = Path("runs") / f"{options['out'].name}-{stamp}"
    workflow.train(workflow.TrainingOptions(**options))


def _check_usage(context: click.Context, options: dict[str, Any], *, resume: Path | None) -> None:
    """What a run was started with is in its folder; everything else begins a new one."""
    if resume is None:
        missing = [name for name in ("data", "out") if options[name] is None]
        if missing:
            raise click.UsageError(f"Missing option '--{missing[0]}' (or '--resume' to go on with a run).", context)
        return
    default = click.core.ParameterSource.DEFAULT
    given = [name for name in options if context.get_parameter_source(name) is not default]
    foreign = [name for name in given if name not in _WITH_RESUME]
    if foreign:
        option = {"changes": "set", "teachers": "teacher"}.get(foreign[0], foreign[0].replace("_", "-"))
        raise click.UsageError(
            f"Option '--{option}' cannot be changed with '--resume': the run goes on as it was started.", context
        )
