"""`insect-converter export`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from insect_converter.commands import FILE, FOLDER

if TYPE_CHECKING:
    from pathlib import Path


@click.command("export")
@click.argument("source", type=FOLDER, metavar="RUN|BUNDLE")
@click.option("--out", type=FOLDER, help="Of a run: the bundle's folder; must not exist. Of a bundle: for the files.")
@click.option("--unknown", type=FOLDER, help="Of a run: photographs of insects its model does not know.")
@click.option("--tflite-metadata", is_flag=True, help="TFLite with labels inside, for MediaPipe Tasks and Android.")
@click.option("--onnx", is_flag=True, help="ONNX of the float model.")
@click.option("--c-header", is_flag=True, help="C header with the integer model as an array.")
@click.option("--run", type=FOLDER, help="Of a bundle: its run, whose float.keras --onnx is made from.")
@click.option("--float", "float_file", type=FILE, help="Instead of --run: the float.keras itself.")
@click.option("--force", is_flag=True, help="Go on where int8 is over budget, or the float model is another one.")
def command(
    *,
    source: Path,
    out: Path | None,
    unknown: Path | None,
    run: Path | None,
    float_file: Path | None,
    force: bool,
    **formats: bool,
) -> None:
    """Quantize, measure and bundle the model of a finished run again; or write a bundle's model in further formats.

    Further formats lie in the folder `exports` of the bundle, or for a bundle in the one named by --out.
    """
    from insect_converter.exports import job  # noqa: PLC0415 - needs the extra's packages
    from insect_edge.model_bundle import CARD_FILE  # noqa: PLC0415 - as above

    wanted = frozenset(kind for kind in job.Format if formats[kind.replace("-", "_")])
    if run is not None and float_file is not None:
        raise click.UsageError("--run and --float both name the float model: give one of them")
    if (source / CARD_FILE).is_file():
        if unknown is not None:
            raise click.UsageError(f"{source} is a bundle: --unknown belongs to its run")
        if not wanted:
            raise click.UsageError(f"{source} is a bundle: say what to write, --tflite-metadata, --onnx or --c-header")
        job.write(
            job.ExportOptions(bundle=source, formats=wanted, out=out, run=run, float_file=float_file, force=force)
        )
        return
    if out is None:
        raise click.UsageError("a run becomes a bundle: name its folder with --out")
    if run is not None or float_file is not None:
        raise click.UsageError(f"{source} is a run and brings its float model: leave --run and --float out")
    from insect_converter import workflow  # noqa: PLC0415 - as above

    job.refuse_missing_packages(wanted)
    workflow.export(source, out=out, force=force, unknown=unknown)
    if wanted:
        job.write(job.ExportOptions(bundle=out, formats=wanted, out=None, run=source, float_file=None, force=force))
