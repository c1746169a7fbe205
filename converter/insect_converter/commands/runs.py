"""`insect-converter runs`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from insect_converter.commands import FOLDER

_DEFAULT = Path("runs")
_TWO = 2


@click.command("runs")
@click.argument("folders", metavar="[FOLDER] | RUN RUN", nargs=-1, type=FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON, for other programs.")
def command(folders: tuple[Path, ...], *, as_json: bool) -> None:
    """List the training runs in a folder (default: runs), or compare two runs.

    The list has the best validation accuracy and the top-1 of the int8 and float model on the run's own test
    photographs; `waited` are the seconds in which training had to wait for pictures. Runs with the same `data` had the
    same photographs.
    """
    from insect_converter import run_tables, runs  # noqa: PLC0415 - after the command line is understood

    if len(folders) > _TWO:
        raise click.UsageError("Name a folder of runs, or two runs to compare.")
    if len(folders) == _TWO:
        comparison = runs.compare(*(runs.read(folder) for folder in folders))
        click.echo(json.dumps(comparison, indent=1) if as_json else run_tables.compared(comparison))
        return
    found, problems = runs.find(folders[0] if folders else _DEFAULT)
    summaries = [runs.summary(run) for run in found]
    for problem in problems:
        click.echo(f"left out: {problem}", err=True)
    if as_json:
        click.echo(json.dumps(summaries, indent=1))
    else:
        click.echo(run_tables.listed(summaries) if summaries else f"{folders[0] if folders else _DEFAULT}: no runs")
