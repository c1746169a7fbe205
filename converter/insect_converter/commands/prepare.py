"""`insect-converter prepare`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from insect_converter.commands import FILE, FOLDER, PLACE

if TYPE_CHECKING:
    from pathlib import Path

_PARTS = 3
_WHOLE, _ROUNDING = 100, 1e-6


def _shares(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[float, float, float] | None:
    """Three percentages that make up the whole, like `60/30/10`."""
    if value is None:
        return None
    try:
        numbers = [float(part) for part in value.split("/")]
    except ValueError:
        numbers = []
    if len(numbers) != _PARTS or min(numbers) <= 0 or abs(sum(numbers) - _WHOLE) > _ROUNDING:
        raise click.BadParameter(
            f"{value!r}: give three percentages that make 100, for instance 60/30/10", ctx=context, param=parameter
        )
    return (numbers[0], numbers[1], numbers[2])


def _words(context: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:  # noqa: ARG001 - click's signature
    """What stands between commas, without spaces around it."""
    return tuple(word.strip() for word in value.split(",") if word.strip())


@click.command("prepare")
@click.option(
    "--data",
    type=PLACE,
    required=True,
    help="Class folders; train, val and test folders with class folders in them; IP102 v1.1; or a list, .csv or "
    ".parquet, with the columns path and label, and perhaps split, group and taken_at.",
)
@click.option("--out", type=FOLDER, required=True, help="Folder to write; must not exist.")
@click.option("--background", type=FOLDER, help="Folder of pictures of anything but insects.")
@click.option(
    "--classes",
    default="",
    metavar="NAME,NAME,…",
    callback=_words,
    help="Only these classes: names, or for IP102 numbers as in its names file, which counts from 1 (its lists count "
    "from 0): 25 is aphids. What was chosen is printed by number and name.",
)
@click.option("--class-names", type=FILE, help="IP102's file of class names; default: classes.txt at or above --data.")
@click.option(
    "--split",
    "shares",
    metavar="TRAIN/TEST/VALIDATION",
    callback=_shares,
    help="Percent for training, test and validation, for instance 60/30/10; divides anew what came divided. "
    "Default: as the data came divided, else 80/10/10.",
)
@click.option(
    "--group-by",
    default="",
    metavar="COLUMN,COLUMN,…",
    callback=_words,
    help="Columns of the list whose values together name a group that stays in one part, for instance trap,day (day "
    "is the date of taken_at); default: the column group.",
)
@click.option(
    "--min-per-class", "minimum", type=click.IntRange(min=3), help="Leave out classes with fewer photographs."
)
@click.option("--max-per-class", "maximum", type=click.IntRange(min=3), help="Draw so many in classes with more.")
@click.option(
    "--min-side", "minimum_side", type=click.IntRange(min=1), default=32, show_default=True, help="Least pixels a side."
)
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--materialize", is_flag=True, help="Also write training/, testing/ and validation/ by hard links.")
@click.option("--allow-missing", is_flag=True, help="Go on although listed photographs are not on the disk.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of lots and division.")
def command(
    *, classes: tuple[str, ...], class_names: Path | None, group_by: tuple[str, ...], **options: object
) -> None:
    """Read, clean, balance and divide photographs, and write a list of them for `train`.

    Writes manifest.csv (or .parquet), findings.csv with everything that is the matter with a photograph, and
    classes.png with the distribution. The photographs themselves are never changed, moved or deleted.
    """
    from insect_converter.prepare import job, sources  # noqa: PLC0415 - needs the extra's packages

    wishes = sources.Wishes(classes=classes, class_names=class_names, group_by=group_by)
    job.prepare(job.Options(wishes=wishes, **options), tell=click.echo)  # type: ignore[arg-type]  # click converted each by its type
