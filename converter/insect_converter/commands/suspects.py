"""`insect-converter suspects`."""

from __future__ import annotations

import click

from insect_converter.commands import FILE, FOLDER, PLACE


@click.command("suspects")
@click.option("--data", type=PLACE, required=True, help="Photographs: class folders, or a manifest of `prepare`.")
@click.option("--background", type=FOLDER, help="Folder of pictures of anything but insects.")
@click.option("--backbone-weights", type=FILE, help="Pretrained MobileNetV2 without top; default: Keras' download.")
@click.option("--folds", type=click.IntRange(2, 100), default=5, show_default=True, help="Parts, scored in turn.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of the folds.")
@click.option("--show", type=click.IntRange(min=1), default=300, show_default=True, help="Thumbnails on the page.")
@click.option("--out", type=FOLDER, required=True, help="Folder for list, page and features.")
@click.option("--force", is_flag=True, help="Write list and page anew where an earlier run left them.")
def command(**options: object) -> None:
    """Rank photographs whose label is probably wrong, for a person to look through; nothing is deleted.

    Writes suspects.csv (all, the most suspicious first), leave_out.csv (the first so many as are estimated
    to be mislabelled, for `train --leave-out`) and suspects.html (thumbnails, to tick what is really wrong).
    """
    from insect_converter.suspects import job  # noqa: PLC0415 - needs the extra's packages

    job.run(job.Options(**options))  # type: ignore[arg-type]  # click converted each by its type
