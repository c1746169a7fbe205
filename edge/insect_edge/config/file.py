"""The configuration and its secrets as they lie on the disk."""

from __future__ import annotations

import logging
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from insect_edge.config.parse import parse_config
from insect_edge.errors import ConfigError

if TYPE_CHECKING:
    from insect_edge.config.delivery import Mqtt
    from insect_edge.config.sections import Config
    from insect_edge.mqtt.broker_settings import TlsSettings

CREDENTIAL = "mqtt-password"
"""Name under which systemd's LoadCredential= may hand over the broker's password."""
TLS_CREDENTIALS = {"ca_file": "mqtt-ca", "certificate_file": "mqtt-certificate", "key_file": "mqtt-key"}
"""Names for the files of an encrypted connection, the key above all."""

_log = logging.getLogger(__name__)


def load_config(path: Path) -> Config:
    """Read a configuration file.

    Raises:
        ConfigError: when it cannot be read, or with every problem in it, one a line.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file: copy insect-edge.example.toml there and edit it") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}): check its permissions") from error
    return parse_config(content, name=path.name, folder=path.resolve().parent)


def read_password(mqtt: Mqtt) -> str | None:
    """The broker's password: from `password_file`, else from systemd's credential, else None.

    Raises:
        ConfigError: when there is such a file and it cannot be read or holds no password.
    """
    path = mqtt.password_file
    if path is None:
        path = _credential(CREDENTIAL)
        if mqtt.username is None or path is None:
            return None
    elif stat.S_IMODE(_status(path).st_mode) & stat.S_IROTH:
        _log.warning("%s: everybody on this machine can read the password in it: chmod o-r %s", path, path)
    try:
        password = path.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise ConfigError(f"[mqtt] password_file = {path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"[mqtt] password_file = {path}: not UTF-8 text: save it as UTF-8") from error
    if not password or "\n" in password:
        raise ConfigError(f"[mqtt] password_file = {path}: must hold the password in its only line and nothing else")
    return password


def with_credentials(tls: TlsSettings | None) -> TlsSettings | None:
    """The files the configuration leaves out, from systemd's credentials where those are there."""
    if tls is None:
        return None
    found = {name: _credential(credential) for name, credential in TLS_CREDENTIALS.items()}
    return replace(tls, **{name: path for name, path in found.items() if path is not None and not getattr(tls, name)})


def _credential(name: str) -> Path | None:
    """Where systemd put a credential; None where it did not."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / name if folder else None
    return path if path is not None and path.exists() else None


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        advice = "write the password into it, or correct the path"
        raise ConfigError(f"[mqtt] password_file = {path}: cannot be read ({error.strerror}): {advice}") from error
