"""The options by which commands that only visit a broker are told which one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from insect_edge.adapters.tls import tls_context
from insect_edge.config import settings as config_settings
from insect_edge.config.file import read_password, with_credentials
from insect_edge.errors import ConfigError
from insect_edge.mqtt.broker_settings import PLAIN_PORT, TLS_PORT, BrokerSettings, TlsSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.config.sections import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerChoice:
    """What the options said."""

    host: str
    port: int | None
    username: str | None
    password_file: Path | None
    tls: bool
    ca: Path | None


_PATH = click.Path(path_type=Path)
_OPTIONS = (
    click.option("--host", default="localhost", show_default=True, help="The broker."),
    click.option("--port", type=click.IntRange(1, 65535), help=f"Default: {PLAIN_PORT}, or {TLS_PORT} with TLS."),
    click.option("--username", help="For a broker that asks for one."),
    click.option("--password-file", type=_PATH, help="File whose first line is the password."),
    click.option("--tls", is_flag=True, help="Encrypt, trusting the system's authorities."),
    click.option("--ca", type=_PATH, help="Encrypt, trusting this PEM file of authorities."),
)


def broker_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options; the function gets them as `host`, `port` and so on, to be put into a `BrokerChoice`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def visitor(choice: BrokerChoice, *, purpose: str) -> BrokerSettings:
    """How to reach the broker as a guest with a name of its own.

    Raises:
        click.UsageError: when a password belongs to nobody.
        ConfigError: when the password file or the CA file cannot be used.
    """
    if choice.password_file is not None and choice.username is None:
        raise click.UsageError("--password-file without --username: a password belongs to a user; name it")
    encryption = TlsSettings(ca_file=choice.ca) if choice.tls or choice.ca else None
    check_tls(encryption)
    return BrokerSettings(
        host=choice.host,
        port=choice.port or (TLS_PORT if encryption else PLAIN_PORT),
        client_id=visitor_id(purpose),
        username=choice.username,
        password=_password(choice.password_file),
        tls=encryption,
    )


def configured_broker(config: Config, *, client_id: str) -> BrokerSettings:
    """How to reach the broker of a configuration.

    Raises:
        ConfigError: when the password or a file for TLS cannot be used: every connection would fail alike.
    """
    settings = config_settings.broker_settings(config, client_id=client_id, password=read_password(config.mqtt))
    tls = with_credentials(settings.tls)
    check_tls(tls, place="[mqtt.tls] ")
    return replace(settings, tls=tls)


def visitor_id(purpose: str) -> str:
    """Two with one id would throw each other out for ever, and in containers process ids are all alike."""
    return f"insect-edge-{purpose}-{uuid.uuid4().hex[:8]}"


def check_tls(tls: TlsSettings | None, *, place: str = "") -> None:
    """Read the PEM files as a connection would.

    Raises:
        ConfigError: when one cannot be used.
    """
    if tls is None:
        return
    try:
        tls_context(tls)
    except ValueError as error:
        raise ConfigError(f"{place}{error}") from error


def _password(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, IndexError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: no password in it ({error}): write it on the first line") from error
