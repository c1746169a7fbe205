"""`insect-converter combine`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from insect_converter.commands import FOLDER


@click.command("combine")
@click.argument("runs", type=FOLDER, nargs=-1, required=True, metavar="RUN RUN...")
@click.option("--out", type=FOLDER, required=True, help="The bundle's folder; must not exist.")
@click.option("--run", type=FOLDER, help="Folder for float weights and records; default runs/<name>-<time>.")
@click.option("--average", is_flag=True, help="Average the weights, which leaves one network, not the answers.")
@click.option("--provenance", help="Where the photographs are from, for the card; default: what the first run says.")
@click.option("--licence", help="The photographs' licence, for the card; default: what the first run says.")
@click.option("--force", is_flag=True, help="Write the bundle even if int8 lost more than the budget allows.")
def command(**options: Any) -> None:
    """Make one model of several finished runs, which looks with all their networks at once.

    With --average all must have begun with the same weights; the model then is no slower than one of them.

    The runs must have divided the same photographs in the same way, as they have with the same folders and --seed.
    The model takes as long on the Pi as its members together, and is more often right than any of them: best of those
    that begin with unlike backbones.
    """
    from insect_converter import combine  # noqa: PLC0415 - needs the extra's packages

    if options["run"] is None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        options["run"] = Path("runs") / f"{options['out'].name}-{stamp}"
    combine.combine(combine.CombineOptions(**options))
