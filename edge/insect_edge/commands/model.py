"""`insect-edge model`: the bundles on this device, and which of them the daemon uses."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from insect_edge import card as cards
from insect_edge.adapters.machine import hides_from_us, surroundings_of, unit
from insect_edge.composition.doctor import standard_configuration
from insect_edge.composition.models import checked, model_store
from insect_edge.config.file import load_config
from insect_edge.config.sections import Config
from insect_edge.errors import EXIT_OK, ModelError
from insect_edge.health.words import size
from insect_edge.model_bundle import CARD_FILE, MODEL_FILE, default_path
from insect_edge.models import switching
from insect_edge.models.intake import read_bundle
from insect_edge.models.switching import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from insect_edge.models.store import ModelStore
    from insect_edge.models.switching import Switch

_RESTART = "used from the daemon's next start on: sudo systemctl restart insect-edge"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Whose bundles are meant.

    Attributes:
        store: where they lie.
        config_path: of the configuration that counts; empty for none.
        config: what it says.
    """

    store: ModelStore
    config_path: str
    config: Config


def _config_option(function: Callable[..., int]) -> Callable[..., int]:
    return click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path),
        help="The daemon's configuration file.  [/etc/insect-edge/insect-edge.toml where it is there]",
    )(function)


_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


@contextmanager
def _place(config_path: Path | None) -> Iterator[_Place]:
    path = config_path or standard_configuration()
    config = Config() if path is None else load_config(path)
    shown = unit()
    if config_path is None and config.model.directory is None and hides_from_us(shown):
        raise ModelError("the models belong to the service, which this user may not change: sudo insect-edge model …")
    with surroundings_of(shown):
        yield _Place(store=model_store(config), config_path="" if path is None else str(path), config=config)


@click.group(name="model")
def command() -> None:
    """Install, check and switch models, and go back to the one before."""


@command.command(name="list")
@_config_option
@_JSON
def list_command(*, config_path: Path | None, as_json: bool) -> int:
    """List all models; the one in use is marked."""
    with _place(config_path) as place:
        state = place.store.switch()
        names = (BUILT_IN, *place.store.names())
        rows = [{"name": name, "path": str(_folder(place.store, name)), **_standing(name, state)} for name in names]
        if as_json:
            facts = {"models": rows, **switching.to_json(state), "configured": _configured(place)}
            click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
            return EXIT_OK
        for row in rows:
            mark = "*" if row["current"] else " "
            bytes_on_disk = size((_folder(place.store, row["name"]) / MODEL_FILE).stat().st_size)
            click.echo(f"{mark} {row['name']:<32}{bytes_on_disk:>10}  {row['standing']}".rstrip())
        if state.given_up is not None:
            click.echo(f"{state.given_up.model} was given up: {state.given_up.reason}")
        if configured := _configured(place):
            click.echo(f"none of them is used: [model] path = {configured} in {place.config_path}")
    return EXIT_OK


@command.command(name="info")
@click.argument("name", required=False)
@_config_option
@_JSON
def info_command(*, name: str | None, config_path: Path | None, as_json: bool) -> int:
    """Show the card of the model NAME, or of the one in use."""
    with _place(config_path) as place:
        wanted = name or place.store.switch().current
        path = _folder(place.store, wanted) / CARD_FILE
        card = cards.from_json(path.read_text(encoding="utf-8"), source=str(path))
        facts: dict[str, Any] = json.loads(cards.to_json(card))
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return EXIT_OK
    for key, value in facts.items():
        if key == "labels":
            click.echo(f"{key:<16}{len(value)}: {', '.join(label['name'] for label in value)}")
        else:
            click.echo(f"{key:<16}{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")
    return EXIT_OK


@command.command(name="verify")
@click.argument("name", required=False)
@_config_option
def verify_command(*, name: str | None, config_path: Path | None) -> int:
    """Check the model NAME (or a bundle's folder, or the model in use): hash, signature and golden vector."""
    with _place(config_path) as place:
        wanted = name or place.store.switch().current
        folder = Path(wanted) if "/" in wanted else _folder(place.store, wanted)
        # The built-in one came with the program, which nobody signed for this device.
        key_of = "" if wanted == BUILT_IN else place.config_path
        click.echo(_sound(wanted, checked(folder, config_path=key_of)))
    return EXIT_OK


@command.command(name="install")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--use", "at_once", is_flag=True, help="Also choose it.")
@click.option("--replace", is_flag=True, help="In place of a bundle of the same name; see above.")
@_config_option
def install_command(*, source: Path, at_once: bool, replace: bool, config_path: Path | None) -> int:
    """Check the bundle SOURCE, a folder, a .zip or a .tar.gz, and keep it; nothing of a bad one stays.

    With --use it also has to have the labels that the configuration names. What --replace puts in place of the model in
    use is on trial, as after `model use`; in place of the one before it, it is fallen back on no more.
    """
    with _place(config_path) as place:
        if at_once:
            _refuse_where_configured(place)
        files = read_bundle(source)
        answers: list[dict[str, Any]] = []

        def check(folder: Path) -> None:
            answers.append(checked(folder, config_path=place.config_path, fits="fits" if at_once else ""))

        name, new = place.store.add(files, check=check, replace=replace)
        click.echo(
            _sound(name, answers[-1]) + (f", installed in {place.store.folder}" if new else ", was there already")
        )
        if at_once:
            _switch(place, name)
        elif place.store.switch().current != name:
            click.echo(f"to use it: insect-edge model use {name}")
        elif new:
            _tell_when(place.store.switch())
    return EXIT_OK


@command.command(name="use")
@click.argument("name")
@_config_option
def use_command(*, name: str, config_path: Path | None) -> int:
    """Check the model NAME, this configuration's labels too, and use it from the daemon's next start on.

    It is on trial until the daemon was ready with it: after three starts that fail, or ten minutes without a daemon
    that is ready, the one before it is used again. "built-in" is the model that comes with the program.
    """
    with _place(config_path) as place:
        _use(place, name)
    return EXIT_OK


@command.command(name="rollback")
@_config_option
def rollback_command(*, config_path: Path | None) -> int:
    """Use the model before the current one again, from the daemon's next start on."""
    with _place(config_path) as place:
        _refuse_where_configured(place)
        before = place.store.switch().current
        state = place.store.change(switching.back)
        click.echo(f"{state.current}, in place of {before}: {_RESTART}")
    return EXIT_OK


def _use(place: _Place, name: str) -> None:
    _refuse_where_configured(place)
    key_of = _without_key(place) if name == BUILT_IN else place.config_path
    click.echo(_sound(name, checked(_folder(place.store, name), config_path=key_of, fits="fits" if key_of else "")))
    _switch(place, name)


def _switch(place: _Place, name: str) -> None:
    _tell_when(place.store.change(lambda known: switching.use(known, name), afresh=True))


def _tell_when(state: Switch) -> None:
    click.echo(f"{state.current}: {_RESTART}")
    if not state.proven:
        click.echo(f"it is on trial until it is ready: {state.previous or BUILT_IN} is taken where it fails")


def _without_key(place: _Place) -> str:
    """The configuration, unless it wants a signature that the built-in model does not have."""
    return "" if place.config.model.public_key is not None else place.config_path


def _folder(store: ModelStore, name: str) -> Path:
    return default_path() if name == BUILT_IN else store.path(name)


def _configured(place: _Place) -> str | None:
    return None if place.config.model.path is None else str(place.config.model.path)


def _refuse_where_configured(place: _Place) -> None:
    if place.config.model.path is not None:
        raise ModelError(
            f"{place.config_path}: [model] path = {place.config.model.path} says which model is used: take it out first"
        )


def _standing(name: str, state: Switch) -> dict[str, Any]:
    current = name == state.current
    words = ["in use"] if current else []
    words += ["on trial, not ready yet"] if current and not state.proven else []
    words += ["the one before"] if name == state.previous else []
    words += ["given up"] if state.given_up is not None and state.given_up.model == name else []
    return {"current": current, "standing": ", ".join(words)}


def _sound(name: str, answer: dict[str, Any]) -> str:
    signed = ", signature verified" if answer["signed"] else ""
    runtime = f"{answer['runtime']} ({answer['delegate'] or 'plain kernels'})"
    return f"{name}: sound: {len(answer['labels'])} labels, golden vector answered on {runtime}{signed}"
