"""`insect-converter ablate`."""

from __future__ import annotations

from typing import Any

import click

from insect_converter.commands import FILE, FOLDER, PLACE


@click.command("ablate")
@click.option("--data", type=PLACE, required=True, help="Photographs, as `train` takes them.")
@click.option("--background", type=FOLDER, help="Folder of pictures of anything but insects.")
@click.option("--unknown", type=FOLDER, help="Folder of photographs of insects that are none of the classes.")
@click.option("--leave-out", type=FILE, help="List of doubted photographs, for the change that leaves them out.")
@click.option("--teacher", "teachers", metavar="RUN", type=FOLDER, multiple=True, help="For the change that has some.")
@click.option("--backbone-weights", type=FILE, help="Pretrained MobileNetV2 without top; default: Keras' download.")
@click.option("--plan", default="garden-pests", show_default=True, help="Name of a plan, or a .toml file.")
@click.option("--only", metavar="CHANGE", multiple=True, help="Only this change, beside the recipe as it is.")
@click.option("--seeds", type=click.IntRange(min=1), default=2, show_default=True, help="Runs of each change.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of the division.")
@click.option("--out", type=FOLDER, required=True, help="Folder of results.csv; what is in it is not done again.")
def command(**options: Any) -> None:
    """Measure what each ingredient of training gives on your photographs, one change at a time.

    A plan names a recipe, made small, and changes of it. Each is trained once a seed and asked about all photographs
    that were not learnt from; the table on standard output has the mean of each change and how far it is from the
    recipe as it is, with half of the range over the seeds. Interrupted? The same command goes on.
    """
    from insect_converter.ablation import job, results  # noqa: PLC0415 - needs the extra's packages

    wanted = job.Options(**options)
    job.run(wanted)
    click.echo(results.table(results.read(wanted.out)))
