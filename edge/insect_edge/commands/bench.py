"""`insect-edge bench`: what each stage takes on this board, and what rate it can hold."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from insect_edge.adapters.machine import surroundings_of, unit
from insect_edge.adapters.status_socket import running_report
from insect_edge.composition.bench import LOOK_STAGES, SEARCH_STAGES, STAGES, measure
from insect_edge.composition.doctor import standard_configuration
from insect_edge.composition.trial import needs_device
from insect_edge.config.file import load_config
from insect_edge.config.sections import Config
from insect_edge.doctor.camera import FAMILIES
from insect_edge.errors import EXIT_OK, CameraError
from insect_edge.identity import device_id
from insect_edge.stages import rate_of

if TYPE_CHECKING:
    from insect_edge.composition.measured import Measured, Search
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

    Where [regions] mode searches animals, pictures come as often as configured (once a second at least), as what moves
    is not found otherwise; then as many again, in which more appears than max_crops and budget_ms let be looked at.
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
        known = None if measured.search is not None and not measured.search.settled else holds
        click.echo(json.dumps(_facts(measured) | {"holds": known, "wanted": wanted}, ensure_ascii=False, indent=2))
        return EXIT_OK
    click.echo(_page(measured))
    if measured.search is None:
        verdict = "enough" if holds >= wanted else "too slow"
        click.echo(f"this board holds {holds:g} pictures a second; [camera] rate = {wanted:g}: {verdict}")
    else:
        click.echo(_verdict(measured.search, holds=holds, wanted=wanted))
    return EXIT_OK


def _refuse_where_held(config: Config) -> None:
    if needs_device(config) not in FAMILIES:
        return
    report, silence = running_report(config.device.id or device_id())
    if report is not None or silence is not None:
        raise CameraError(
            "the daemon that runs holds the camera: stop it (systemctl stop insect-edge), or use --simulated"
        )


def _facts(measured: Measured) -> dict[str, Any]:
    facts = asdict(measured)
    return facts if measured.search is not None else {name: fact for name, fact in facts.items() if name != "search"}


def _page(measured: Measured) -> str:
    size, search = f"{measured.width}x{measured.height}", measured.search
    lines = [f"{measured.camera} {size}, {measured.model_id} on {measured.runtime}"]
    lines += [""] if search is None else [_looks(search), ""]
    lines.append(f"{'stage':<14}{'median':>12}{'95 % within':>14}")
    lines += [
        _row(name, measured.stages.get(name)) + ("   a look" if search is not None and name in LOOK_STAGES else "")
        for name in (STAGES if search is None else SEARCH_STAGES)
    ]
    lines.append(_row("a picture", measured.step) + "   all but capture, outbox and publish")
    if search is not None and search.crowded is not None:
        lines.append(_row("a full one", search.crowded.step) + f"   {_bound(search)}")
    lines += ["", f"broker: {measured.broker}"]
    return "\n".join(lines)


def _looks(search: Search) -> str:
    """What was looked at."""
    counts = f"{search.looks:.1f} looks a picture, {search.most_looks} at most"
    if search.skipped:
        counts += f", {search.skipped:.1f} more left out"
    if not search.settled:
        counts += "; the scene was not known yet in most of them: is the camera fixed?"
    return f'[regions] mode = "{search.mode}": {counts}'


def _bound(search: Search) -> str:
    """What ends the looks at a picture in which there is more to see."""
    looks = _busiest(search)
    return f"{looks} looks, all that {'max_crops' if looks >= search.max_crops else 'budget_ms'} lets it take"


def _verdict(search: Search, *, holds: float, wanted: float) -> str:
    """Whether the rate can be held, also when much is to be seen."""
    if not search.settled:
        return "what this board holds cannot be told before the scene is known: take a fixed camera, or a longer film"
    full = search.crowded
    here = f"this board holds {holds:g} pictures a second"
    lowest = holds if full is None else min(holds, full.holds)
    if full is not None:
        here += f" with as much to see as here, {full.holds:g} where each is a full one"
    if lowest >= wanted:
        verdict = "enough"
    else:
        looks = min(search.fitting_looks or 0, _busiest(search) - 1)
        ways = [f"max_crops = {looks}"] if looks > 0 else []
        verdict = "too slow" if holds < wanted else "enough for this, too slow for full ones"
        verdict += f": {' or '.join([*ways, f'rate = {lowest:g}'])} would do"
    return f"{here}\n[camera] rate = {wanted:g}: {verdict}"


def _busiest(search: Search) -> int:
    return search.most_looks if search.crowded is None else search.crowded.looks


def _row(name: str, timings: Timings | None) -> str:
    if timings is None:
        return f"{name:<14}{'-':>12}{'-':>14}"
    return f"{name:<14}{timings.median_ms:>9.2f} ms{timings.p95_ms:>11.2f} ms"
