"""The configuration and its password as files."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from insect_edge.config.delivery import Mqtt
from insect_edge.config.file import load_config, read_password, with_credentials
from insect_edge.errors import ConfigError
from insect_edge.mqtt.broker_settings import TlsSettings


def test_a_file_is_read_where_it_lies(tmp_path: Path) -> None:
    """Relative paths in a configuration are relative to its own folder."""
    path = tmp_path / "trap.toml"
    path.write_text('[model]\npath = "mine"', encoding="utf-8")
    assert load_config(path).model.path == tmp_path.resolve() / "mine"


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    """Without a file there is a remedy."""
    with pytest.raises(ConfigError, match=r"^\S*/trap\.toml: no such file: copy [^\n]*$"):
        load_config(tmp_path / "trap.toml")


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    """A folder is refused like any file that cannot be read."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


def test_the_password_is_the_only_line(tmp_path: Path) -> None:
    """The end of the line is no part of the password, blanks in it are."""
    path = tmp_path / "password"
    path.write_bytes(b" s3cret \r\n")
    path.chmod(0o600)
    assert read_password(Mqtt(username="trap", password_file=path)) == " s3cret "


@pytest.mark.parametrize("content", [b"", b"\n", b"one\ntwo\n", b"\xff\xfe"])
def test_a_strange_password_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """Nothing, several lines and bytes that are no text are refused without being repeated."""
    path = tmp_path / "password"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="password_file") as caught:
        read_password(Mqtt(username="trap", password_file=path))
    assert "two" not in str(caught.value)


def test_a_missing_password_file_is_refused(tmp_path: Path) -> None:
    """A password file that is not there is a mistake of the configuration."""
    with pytest.raises(ConfigError, match="No such file"):
        read_password(Mqtt(username="trap", password_file=tmp_path / "none"))


def test_a_readable_password_file_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that everybody can read is used, with a warning that does not show the password."""
    path = tmp_path / "password"
    path.write_text("s3cret", encoding="utf-8")
    path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        assert read_password(Mqtt(username="trap", password_file=path)) == "s3cret"
    assert "chmod o-r" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_systemd_credential_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a password file the credential `mqtt-password` counts, if a user name asks for one."""
    (tmp_path / "mqtt-password").write_text("s3cret\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_password(Mqtt(username="trap")) == "s3cret"
    assert read_password(Mqtt()) is None


def test_no_password_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An anonymous connection has none."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert read_password(Mqtt(username="trap")) is None


def test_files_for_tls_may_be_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the configuration names wins; what it leaves out comes from systemd where that has it."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    for name in ("mqtt-certificate", "mqtt-key"):
        (tmp_path / name).touch()
    tls = with_credentials(TlsSettings(certificate_file=Path("mine.pem")))
    assert tls == TlsSettings(certificate_file=Path("mine.pem"), key_file=tmp_path / "mqtt-key")
    assert with_credentials(None) is None
