"""`insect-converter backbone`."""

from __future__ import annotations

import click

from insect_converter.commands import FILE, PLACE


@click.command("backbone")
@click.argument("model", type=FILE)
@click.option("--data", type=PLACE, required=True, help="Photographs to measure on: class folders, or a manifest.")
@click.option("--photographs", type=click.IntRange(min=16), default=400, show_default=True, help="How many of them.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of their choice.")
@click.option("--out", type=FILE, required=True, help="File for the weights, NAME.weights.h5.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def command(**options: object) -> None:
    """Take the backbone out of MODEL, a .tflite classifier that is a MobileNetV2, to begin training with.

    Somebody may have published a model, quantized or not, that has seen a million photographs of what you are after.
    What it computes stays the same; batch normalisation, which such a file has folded away, is restored on photographs.
    """
    from insect_converter.pretrained import job  # noqa: PLC0415 - needs the extra's packages

    job.run(job.Options(**options))  # type: ignore[arg-type]  # click converted each by its type
