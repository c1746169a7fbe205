"""`insect-converter report`."""

from __future__ import annotations

import click

from insect_converter.commands import FILE, FOLDER, PLACE


@click.command("report")
@click.argument("place", type=PLACE, metavar="BUNDLE|RUN")
@click.option("--data", type=PLACE, help="Photographs: class folders, a prepared folder or a list; default: the run's.")
@click.option("--background", type=FOLDER, help="Folder of pictures of anything but insects.")
@click.option("--run", type=FOLDER, help="Folder of the run that made the bundle: curves, Grad-CAM, flips.")
@click.option("--float", "float_file", type=FILE, help="The float model alone, where the run is not at hand.")
@click.option("--out", type=FILE, required=True, help="The page, an HTML file; must not exist.")
@click.option("--limit", type=click.IntRange(min=1), help="Look at so many photographs of each label and part at most.")
@click.option("--force", is_flag=True, help="Replace a page that is there.")
def command(**options: object) -> None:
    """Show in one HTML file what a model learnt, what it mixes up, and what int8 cost."""
    from insect_converter.report import workflow  # noqa: PLC0415 - needs the extra's packages

    workflow.report(workflow.ReportOptions(**options))  # type: ignore[arg-type]  # click converted each by its type
