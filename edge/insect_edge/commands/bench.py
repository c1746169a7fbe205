"""`insect-edge bench`: what each stage takes on this board, and what rate it can hold."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from insect_edge.adapters.machine import surroundings_of, unit
from insect_edge.adapters.status_socket import running_report
from insect_edge.composition.bench import STAGES, Measured, measure
from insect_edge.composition.doctor import standard_configuration
from insect_edge.composition.trial import needs_device
from insect_edge.config.file import load_config
from insect_edge.config.sections import Config
from insect_edge.doctor.camera import FAMILIES
from insect_edge.errors import EXIT_OK, CameraError
from insect_edge.identity import device_id
from insect_edge.stages import rate_of

if TYPE_CHECKING:
    from insect_edge.stages import Timings


@click.command()
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    help="The daemon's configuration file.  [/etc/insect-edge/insect-edge.toml where it is there]",
)
@click.option("--simulated", is_flag=True, help="Look at a drawn garden whatever camera is configured.")
@click.option("--frames", type=click.IntRange(5, 100_000), default=50, show_default=True, help="Pictures to measure.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def command(*, config_path: Path | None, simulated: bool, frames: int, as_json: bool) -> int:
    """Measure what each stage of a picture's way takes here, and say what rate this board can hold.

    Camera, model and broker are the configured ones; without a configuration a drawn garden, the built-in model and no
    broker. One message a picture is stored, in an outbox of its own on the same disk, and sent to a topic of its own.
    """
    path = config_path or standard_configuration()
    with surroundings_of(unit()):
        config = Config() if path is None else load_config(path)
        wanted = config.camera.rate
        if simulated or path is None:
            config = config.model_copy(update={"camera": config.camera.model_copy(update={"source": "simulated"})})
        _refuse_where_held(config)
        measured = measure(config, frames=frames, publish=path is not None)
    holds = rate_of(measured.step.p95_ms)
    if as_json:
        facts: dict[str, Any] = asdict(measured) | {"holds": holds, "wanted": wanted}
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return EXIT_OK
    click.echo(_page(measured))
    verdict = "enough" if holds >= wanted else "too slow"
    click.echo(f"this board holds {holds:g} pictures a second; [camera] rate = {wanted:g}: {verdict}")
    return EXIT_OK


def _refuse_where_held(config: Config) -> None:
    if needs_device(config) not in FAMILIES:
        return
    report, silence = running_report(config.device.id or device_id())
    if report is not None or silence is not None:
        raise CameraError(
            "the daemon that runs holds the camera: stop it (systemctl stop insect-edge), or use --simulated"
        )


def _page(measured: Measured) -> str:
    size = f"{measured.width}x{measured.height}"
    lines = [f"{measured.camera} {size}, {measured.model_id} on {measured.runtime}", ""]
    lines.append(f"{'stage':<14}{'median':>12}{'95 % within':>14}")
    lines += [_row(name, measured.stages.get(name)) for name in STAGES]
    lines.append(_row("a picture", measured.step) + "   all but capture, outbox and publish")
    lines += ["", f"broker: {measured.broker}"]
    return "\n".join(lines)


def _row(name: str, timings: Timings | None) -> str:
    if timings is None:
        return f"{name:<14}{'-':>12}{'-':>14}"
    return f"{name:<14}{timings.median_ms:>9.2f} ms{timings.p95_ms:>11.2f} ms"
