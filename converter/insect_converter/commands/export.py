"""`insect-converter export`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from insect_converter.commands import FOLDER

if TYPE_CHECKING:
    from pathlib import Path


@click.command("export")
@click.argument("run", type=FOLDER)
@click.option("--out", type=FOLDER, required=True, help="The bundle's folder; must not exist.")
@click.option("--force", is_flag=True, help="Write the bundle even if int8 lost more than the budget allows.")
def command(run: Path, out: Path, *, force: bool) -> None:
    """Quantize, measure and bundle the model of a finished run again."""
    from insect_converter import workflow  # noqa: PLC0415 - needs the extra's packages

    workflow.export(run, out=out, force=force)
