"""`insect-converter parity`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from insect_converter.commands import FILE, FOLDER, PLACE

if TYPE_CHECKING:
    from pathlib import Path


@click.command("parity")
@click.argument("bundle", type=FOLDER)
@click.option("--data", type=PLACE, required=True, help="The photographs: class folders, or a list.")
@click.option("--background", type=FOLDER, help="Folder of pictures of anything but insects.")
@click.option("--run", type=FOLDER, help="The run that made the bundle; its float.keras is compared with.")
@click.option("--float", "float_file", type=FILE, help="Instead of a run: its float.keras, or a float .tflite.")
@click.option(
    "--split",
    type=click.Choice(["test", "all"]),
    default="test",
    show_default=True,
    help="The bundle's own test photographs, or every photograph there is.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--out", type=FOLDER, help="Also write text, JSON and CSV into this folder; must not exist.")
@click.option("--force", is_flag=True, help="Compare with a float model that the card does not name.")
def command(  # noqa: PLR0913 - one parameter an option
    *,
    bundle: Path,
    data: Path,
    background: Path | None,
    run: Path | None,
    float_file: Path | None,
    split: str,
    as_json: bool,
    out: Path | None,
    force: bool,
) -> None:
    """Compare float with int8 on the same photographs; exit code 1 where int8 cost more than the budget."""
    if run is not None and float_file is not None:
        raise click.UsageError("--run and --float both name the float model: give one of them")
    from insect_converter.parity_report import files, job, text  # noqa: PLC0415 - need the extra's packages

    options = job.ParityOptions(
        bundle=bundle,
        data=data,
        background=background,
        run=run,
        float_file=float_file,
        everything=split == "all",
        out=out,
        force=force,
    )
    report = job.run(options)
    click.echo(files.to_json(report) if as_json else text.describe(report), nl=not as_json)
    job.pass_gate(report)
