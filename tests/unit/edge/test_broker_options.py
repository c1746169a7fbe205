"""Commands that visit a broker, and how they are told which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from insect_edge.commands import mqtt_clear, run, watch
from insect_edge.composition.broker_options import BrokerChoice, visitor
from insect_edge.errors import EXIT_CONFIG, ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    import click

COMMANDS = pytest.mark.parametrize("command", [watch.command, mqtt_clear.command], ids=["watch", "mqtt-clear"])
NOWHERE = BrokerChoice(host="localhost", port=None, username=None, password_file=None, tls=False, ca=None)


@COMMANDS
def test_a_password_without_a_user_name_is_refused(command: click.Command, tmp_path: Path) -> None:
    """MQTT 3.1.1 has no such thing, and a broker would only say that the login is wrong."""
    (tmp_path / "secret").write_text("hunter2\n", encoding="utf-8")
    result = CliRunner().invoke(command, ["--password-file", str(tmp_path / "secret")])
    assert result.exit_code == 2
    assert "--password-file without --username" in result.output
    assert "hunter2" not in result.output


@COMMANDS
def test_files_that_cannot_be_used_are_named_before_anything_is_tried(command: click.Command, tmp_path: Path) -> None:
    """A wrong path is a matter of configuration."""
    for option in (["--username", "a", "--password-file"], ["--ca"]):
        result = CliRunner().invoke(command, [*option, str(tmp_path / "absent")])
        assert isinstance(result.exception, ConfigError)
        assert "absent" in str(result.exception)


def test_the_port_follows_encryption_and_no_two_guests_share_a_name() -> None:
    """1883, with TLS 8883, and a client id of its own each time."""
    plain = visitor(NOWHERE, purpose="watch")
    assert (plain.port, plain.tls) == (1883, None)
    assert plain.client_id != visitor(NOWHERE, purpose="watch").client_id


@pytest.mark.parametrize("key", ["ca", "certificate"])
def test_the_daemon_does_not_start_with_tls_files_it_cannot_use(tmp_path: Path, key: str) -> None:
    """No connection could ever be made, so the service manager is told not to try again."""
    pair = 'certificate = "gone.pem"\nkey = "gone.key"' if key == "certificate" else 'ca = "gone.pem"'
    path = tmp_path / "trap.toml"
    path.write_text(f'[camera]\nsource = "simulated"\n[mqtt.tls]\nenabled = true\n{pair}\n', encoding="utf-8")
    result = CliRunner().invoke(run.command, ["--config", str(path)])
    assert isinstance(result.exception, ConfigError)
    assert result.exception.exit_code == EXIT_CONFIG
    assert str(result.exception).startswith("[mqtt.tls] ")
    assert "gone.pem" in str(result.exception)
