"""`insect-converter explain`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from insect_converter.commands import FILE, FOLDER, PLACE
from insect_edge.errors import EXIT_FAILURE


@click.command("explain")
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="IMAGE...")
@click.option("--run", type=FOLDER, help="Folder of the run whose float model is asked.")
@click.option("--float", "float_file", type=FILE, help="A float Keras model instead.")
@click.option("--bundle", type=PLACE, help="The bundle made from it: calibrates the scores.")
@click.option("--labels", type=FILE, help="Label file of a Keras model that has neither run nor bundle.")
@click.option("--label", help="Ask for this label instead of the top one.")
@click.option("--out", type=FOLDER, required=True, help="Folder for the pictures; nothing in it is overwritten.")
def command(**options: object) -> None:
    """Draw over each IMAGE, as the Pi sees it, where the float model looked (Grad-CAM)."""
    from insect_converter.explain import workflow  # noqa: PLC0415 - needs the extra's packages

    if not workflow.explain(workflow.ExplainOptions(**options)):  # type: ignore[arg-type]  # click converted each
        sys.exit(EXIT_FAILURE)
