"""The command line of the converter; works without the packages for training, to say how to get them."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from insect_edge.errors import EXIT_FAILURE, InsectEdgeError

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="insect-edge")
def commands() -> None:
    """Turn labelled photographs into a fully integer TFLite model that says how good it is."""


@commands.command()
@click.option("--data", type=_FOLDER, required=True, help="Folder with one folder of photographs a class.")
@click.option("--background", type=_FOLDER, help="Folder of pictures of anything but insects.")
@click.option("--out", type=_FOLDER, required=True, help="The bundle's folder; must not exist.")
@click.option("--recipe", default="garden-pests", show_default=True, help="Name of a recipe, or a .toml file.")
@click.option("--backbone-weights", type=_FILE, help="Pretrained MobileNetV2 without top; default: Keras' download.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of split and training.")
@click.option("--run", type=_FOLDER, help="Folder for float weights and records; default runs/<name>-<time>.")
@click.option("--provenance", default="not stated", help="Where the photographs are from, for the card.")
@click.option("--licence", default="not stated", help="The photographs' licence, for the card.")
@click.option("--force", is_flag=True, help="Write the bundle even if int8 lost more than the budget allows.")
def train(**options: object) -> None:
    """Train a model on photographs and write its verified bundle."""
    from insect_converter import workflow  # noqa: PLC0415 - needs the extra's packages

    if options["run"] is None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        options["run"] = Path("runs") / f"{Path(str(options['out'])).name}-{stamp}"
    workflow.train(workflow.TrainingOptions(**options))  # type: ignore[arg-type]  # click converted each by its type


@commands.command()
@click.argument("run", type=_FOLDER)
@click.option("--out", type=_FOLDER, required=True, help="The bundle's folder; must not exist.")
@click.option("--force", is_flag=True, help="Write the bundle even if int8 lost more than the budget allows.")
def export(run: Path, out: Path, *, force: bool) -> None:
    """Quantize, measure and bundle the model of a finished run again."""
    from insect_converter import workflow  # noqa: PLC0415 - needs the extra's packages

    workflow.export(run, out=out, force=force)


def main() -> None:
    """Entry point of `insect-converter`: one line for what went wrong, and the right exit code."""
    # Before TensorFlow is imported, or it greets every user with what its build could do.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        commands(prog_name="insect-converter")
    except InsectEdgeError as error:
        click.echo(f"insect-converter: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        # Whatever the disk refused at a place where nothing better is known; tracebacks help no grower.
        place = f"{error.filename}: " if error.filename else ""
        reason = error.strerror or error
        click.echo(f"insect-converter: {place}{reason}: check its permissions and the free space", err=True)
        sys.exit(EXIT_FAILURE)
    except ModuleNotFoundError as error:
        click.echo(f"insect-converter: {error.name} is not installed: pip install 'insect-edge[converter]'", err=True)
        sys.exit(EXIT_FAILURE)
