"""`insect-edge check-config`: every problem of a configuration file at once."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from insect_edge.adapters.clock import SystemClock
from insect_edge.composition.broker_options import check_tls
from insect_edge.composition.cameras import make_camera
from insect_edge.composition.folders import outbox_folder
from insect_edge.composition.model import make_classifier
from insect_edge.config import settings as config_settings
from insect_edge.config.file import load_config, read_password, with_credentials
from insect_edge.config.problems import written
from insect_edge.config.types import Section
from insect_edge.domain import Region, Role
from insect_edge.errors import ConfigError, InsectEdgeError
from insect_edge.identity import device_id
from insect_edge.regions.areas import Area

if TYPE_CHECKING:
    from collections.abc import Iterator

    from insect_edge.config.sections import Config


@click.command(name="check-config")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--print", "show", is_flag=True, help="Also print every key with the value in force.")
def command(file: Path, *, show: bool) -> None:
    """Check a configuration FILE, the model it names, the password file and the files for TLS.

    Prints `ok` and what it amounts to, or every problem, one a line (exit code 78).
    """
    config = load_config(file)
    problems: list[str] = []
    broker = config_settings.broker_settings(config, client_id="", password=None)
    with _noted(problems):
        read_password(config.mqtt)
    with _noted(problems):
        check_tls(with_credentials(broker.tls), place="[mqtt.tls] ")
    with _noted(problems):
        camera = make_camera(config.camera, clock=SystemClock())
    with _noted(problems):
        card = make_classifier(config, name=file.name).card
    if problems:
        raise ConfigError("\n".join(problems))
    pests = [label.name for label in card.labels if label.role is Role.PEST]
    click.echo(f"{file}: ok")
    click.echo(f"device  {config.device.id or device_id()}")
    click.echo(f"camera  {camera.name}, {config.camera.rate:g} frames a second")
    click.echo(f"model   {card.model_id}; pests: {', '.join(pests) or 'none'}")
    click.echo(f"alerts  {'; '.join(config_settings.policy_settings(config).alerts.words(pests)) or 'none'}")
    click.echo(f"broker  {broker.host}:{broker.port}{' with TLS' if broker.tls else ''}")
    click.echo(f"outbox  {outbox_folder(config)}")
    if show:
        click.echo("\n" + as_toml(config), nl=False)


@contextmanager
def _noted(problems: list[str]) -> Iterator[None]:
    """Go on after what is wrong, so that the next check can tell its own."""
    try:
        yield
    except InsectEdgeError as error:
        problems.append(str(error))


def as_toml(config: Config) -> str:
    """The configuration in force as a file would say it; keys without a value are comments."""
    lines: list[str] = []
    _write(config, place="", lines=lines)
    return "\n".join(lines).lstrip("\n") + "\n"


def _write(section: Section, *, place: str, lines: list[str], several: bool = False) -> None:
    values = {name: getattr(section, name) for name in type(section).model_fields}
    tables = {name: value for name, value in values.items() if _is_tables(value)}
    keys = {name: value for name, value in values.items() if not isinstance(value, Section) and name not in tables}
    if keys:
        lines += ["", f"[[{place}]]" if several else f"[{place}]"]
        lines += [
            f"# {name} is not set" if value is None else f"{name} = {_toml(value)}" for name, value in keys.items()
        ]
    for name, value in values.items():
        inside = f"{place}.{name}" if place else name
        if isinstance(value, Section):
            _write(value, place=inside, lines=lines)
        for table in tables.get(name, ()):
            _write(table, place=inside, lines=lines, several=True)


def _is_tables(value: Any) -> bool:
    return isinstance(value, tuple) and any(isinstance(item, Section) for item in value)


def _toml(value: Any) -> str:
    if isinstance(value, Region):
        return written([value.x, value.y, value.width, value.height])
    if isinstance(value, tuple) and any(isinstance(item, Area) for item in value):
        return written([[list(corner) for corner in area.corners] for area in value])
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{written(key)} = {written(item)}" for key, item in value.items()) + " }"
    return written(str(value) if isinstance(value, Path) else value)
