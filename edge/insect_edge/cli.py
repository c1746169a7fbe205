"""The command line: finds the sub-command, and turns what went wrong into one line and an exit code."""

from __future__ import annotations

import io
import sys
from typing import NoReturn

import click

from insect_edge.errors import InsectEdgeError
from insect_edge.lazy_group import LazyGroup

COMMANDS = {
    "classify": "Say what is on pictures.",
    "run": "Watch through a camera and publish detections over MQTT.",
    "status": "Ask the daemon on this machine how it is.",
    "doctor": "Find out what is wrong with this installation, and say what to do.",
    "bench": "Measure what each stage takes here, and what rate this board can hold.",
    "model": "Install, check and switch models, and go back to the one before.",
    "check-config": "Check a configuration file and report every problem.",
    "demo": "See the whole thing work: simulated camera, embedded broker, a subscriber.",
    "outbox": "See what waits for the broker, and what it would not take.",
    "watch": "Print detections and alerts as they arrive at a broker.",
    "mqtt-clear": "Take away what a device has left on its broker.",
}
"""Sub-commands and their one-line help, here so that `--help` need not import them: start-up time is felt on a Pi."""
EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells count."""


@click.group(
    cls=LazyGroup,
    package="insect_edge.commands",
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="insect-edge")
def commands() -> None:
    """Watch for insects with a Raspberry Pi camera and alert over MQTT."""


def main() -> NoReturn:
    """Entry point of `insect-edge`."""
    for stream in (sys.stdout, sys.stderr):
        # A file may be called by bytes that are no text, and a terminal may not know all letters.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        result = commands(prog_name="insect-edge", standalone_mode=False)
    except InsectEdgeError as error:
        click.echo(f"insect-edge: {error}", err=True)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.Abort:
        sys.exit(EXIT_INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    sys.exit(result if isinstance(result, int) else 0)
