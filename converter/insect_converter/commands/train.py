"""`insect-converter train`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from insect_converter.commands import FILE, FOLDER


@click.command("train")
@click.option("--data", type=FOLDER, required=True, help="Folder with one folder of photographs a class.")
@click.option("--background", type=FOLDER, help="Folder of pictures of anything but insects.")
@click.option("--out", type=FOLDER, required=True, help="The bundle's folder; must not exist.")
@click.option("--recipe", default="garden-pests", show_default=True, help="Name of a recipe, or a .toml file.")
@click.option("--backbone-weights", type=FILE, help="Pretrained MobileNetV2 without top; default: Keras' download.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of split and training.")
@click.option("--run", type=FOLDER, help="Folder for float weights and records; default runs/<name>-<time>.")
@click.option("--provenance", default="not stated", help="Where the photographs are from, for the card.")
@click.option("--licence", default="not stated", help="The photographs' licence, for the card.")
@click.option("--force", is_flag=True, help="Write the bundle even if int8 lost more than the budget allows.")
def command(**options: object) -> None:
    """Train a model on photographs and write its verified bundle."""
    from insect_converter import workflow  # noqa: PLC0415 - needs the extra's packages

    if options["run"] is None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        options["run"] = Path("runs") / f"{Path(str(options['out'])).name}-{stamp}"
    workflow.train(workflow.TrainingOptions(**options))  # type: ignore[arg-type]  # click converted each by its type
