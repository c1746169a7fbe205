"""`insect-edge status`: how the daemon on this machine is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from insect_edge.adapters.status_socket import ask
from insect_edge.errors import EXIT_FAILURE, EXIT_OK, StatusError
from insect_edge.health.words import page
from insect_edge.identity import device_id


@click.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="The daemon's configuration file; needed only where it gives the device an id of its own.",
)
@click.option("--json", "as_json", is_flag=True, help="The whole report, as the health topic says it.")
def command(config_path: Path | None, *, as_json: bool) -> int:
    """Ask the daemon that runs on this machine how it is.

    The exit code is 0 when it is ready and 1 when it is anything else or does not run.
    """
    report = _report(ask(_device(config_path)))
    text = json.dumps(report, ensure_ascii=False, indent=2) if as_json else _words(report)
    click.echo(text)
    return EXIT_OK if report["state"] == "ready" else EXIT_FAILURE


def _device(config_path: Path | None) -> str:
    if config_path is None:
        return device_id()
    from insect_edge.config.file import load_config  # noqa: PLC0415 # pydantic doubles the time to an answer

    return load_config(config_path).device.id or device_id()


def _report(content: bytes) -> dict[str, Any]:
    try:
        report = json.loads(content)
    except ValueError as error:
        raise StatusError(f"the answer is no JSON ({error}): is that an insect-edge daemon?") from error
    if not isinstance(report, dict) or "state" not in report:
        raise StatusError("the answer is no health report: is that an insect-edge daemon?")
    return report


def _words(report: dict[str, Any]) -> str:
    try:
        text = page(report)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        advice = "the daemon is of another version: restart it, or use --json"
        raise StatusError(f"the report is not understood ({type(error).__name__} {error}): {advice}") from error
    # Nobody may steer the reader's terminal with a name.
    return "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text)
