"""The command line of the converter; works without the packages for training, to say how to get them."""

from __future__ import annotations

import os
import sys

import click

from insect_edge.errors import EXIT_FAILURE, InsectEdgeError
from insect_edge.lazy_group import LazyGroup

COMMANDS = {
    "prepare": "Read, clean, balance and divide photographs, whichever way they lie about.",
    "suspects": "Find photographs whose label is probably wrong, for a person to look through.",
    "backbone": "Take the backbone out of somebody's .tflite classifier, to begin training with.",
    "train": "Train a model on photographs and write its verified bundle.",
    "ablate": "Measure what each ingredient of training gives, one change at a time.",
    "combine": "Make one model of several finished runs, which looks with all their networks at once.",
    "runs": "List training runs, or compare two of them.",
    "parity": "Compare float with int8 on the same photographs, down to the layers.",
    "export": "Quantize, measure and bundle the model of a finished run again.",
    "report": "Show in one HTML file what a model learnt, what it mixes up, and what int8 cost.",
    "explain": "Draw over photographs where the float model looked (Grad-CAM).",
}
"""Sub-commands and their one-line help, in the order in which one needs them."""


@click.group(
    cls=LazyGroup,
    package="insect_converter.commands",
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="insect-edge")
def commands() -> None:
    """Turn labelled photographs into a fully integer TFLite model that says how good it is."""


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
