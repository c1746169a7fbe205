"""The way to a broker on foot."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from insect_edge.adapters import broker_steps
from insect_edge.doctor.findings import Finding, Level
from insect_edge.mqtt.broker_settings import BrokerSettings, TlsSettings
from support.tcp import HOST, free_port, hang_up, serving, silent

SETTINGS = BrokerSettings(host=HOST, client_id="trap", connect_seconds=5.0)


def walked(settings: BrokerSettings) -> dict[str, Finding]:
    """The findings by step."""
    return {finding.check: finding for finding in broker_steps.walk(settings)}


def test_each_step_has_its_finding() -> None:
    """Name, connection, encryption; without encryption on the own machine there is nothing to be said."""
    with serving(silent) as port:
        found = walked(replace(SETTINGS, host="localhost", port=port, password="secret"))  # noqa: S106 - of one test
    assert [finding.level for finding in found.values()] == [Level.OK, Level.OK, Level.SKIPPED]
    assert found["connection"].text == f"127.0.0.1 listens on port {port}"
    assert found["name"].facts["addresses"][-1] == "127.0.0.1"


def test_a_password_in_the_clear_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a network; nobody listens in on the own machine."""
    monkeypatch.setattr("ipaddress.IPv4Address.is_loopback", False)
    with serving(silent) as port:
        assert walked(replace(SETTINGS, port=port))["encryption"].level is Level.SKIPPED
        finding = walked(replace(SETTINGS, port=port, password="secret"))["encryption"]  # noqa: S106 - of one test
    assert finding.level is Level.WARNING
    assert "secret" not in f"{finding}"


def test_the_first_step_that_fails_is_the_last() -> None:
    """Nobody listens: nothing is said of encryption."""
    found = walked(replace(SETTINGS, port=free_port()))
    assert list(found) == ["name", "connection"]
    assert found["connection"].level is Level.FAILURE


def test_a_port_without_tls_is_told() -> None:
    """A peer that hangs up on the handshake."""
    with serving(hang_up) as port:
        finding = walked(replace(SETTINGS, port=port, tls=TlsSettings()))["encryption"]
    assert finding.level is Level.FAILURE
    assert "TLS" in finding.text or "hung up" in finding.text


def test_a_peer_that_never_answers_the_handshake_is_given_up() -> None:
    """After the configured seconds."""
    with serving(silent) as port:
        finding = walked(replace(SETTINGS, port=port, tls=TlsSettings(), connect_seconds=0.2))["encryption"]
    assert (finding.level, "no answer in time" in finding.text) == (Level.FAILURE, True)


def test_every_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first that answers counts; a name without any is told."""
    with serving(silent) as port:
        answers = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.9", "127.0.0.1")
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
        assert walked(replace(SETTINGS, port=port))["connection"].facts["address"] == "127.0.0.1"
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    assert walked(SETTINGS)["connection"].level is Level.FAILURE


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70, "\udcff"])
def test_a_name_that_stands_for_nothing_is_told(host: str) -> None:
    """Unknown ones, and those that can be no name at all."""
    found = walked(replace(SETTINGS, host=host))
    assert list(found) == ["name"]
    assert found["name"].level is Level.FAILURE
