"""`insect-edge doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from insect_edge.composition.doctor import Doctor, Request, standard_configuration
from insect_edge.doctor import findings as said
from insect_edge.errors import EXIT_FAILURE, EXIT_OK

FAMILIES = ("system", "libraries", "config", "service", "model", "camera", "machine", "broker")


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="The daemon's configuration file.  [/etc/insect-edge/insect-edge.toml where it is there]",
)
@click.option("--frame", type=click.Path(path_type=Path), metavar="FILE", help="Save the camera's picture there.")
@click.option("--only", type=click.Choice(FAMILIES), multiple=True, help="Check only this; may be given several times.")
@click.option("--count", type=click.IntRange(3, 1000), default=20, show_default=True, help="Inferences to measure.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(*, config: Path | None, frame: Path | None, only: tuple[str, ...], count: int, as_json: bool) -> int:
    """Examine system, libraries, configuration, service, model, camera, machine and broker, one line each.

    A broken library, a driver that hangs or a broker that does not answer are found out, not suffered. The exit code is
    1 when anything failed; warnings do not count. As root it sees more: the service's secrets and its camera's rights.
    """
    doctor = Doctor(Request(config=config or standard_configuration(), frame=frame, count=count, only=only))
    found = []
    for finding in doctor.findings():
        found.append(finding)
        if not as_json:
            click.echo(said.line(finding))
    if as_json:
        click.echo(json.dumps(said.as_json(found), ensure_ascii=False, indent=2))
    else:
        click.echo(f"\n{said.summary(found)}")
    return EXIT_FAILURE if said.failed(found) else EXIT_OK
