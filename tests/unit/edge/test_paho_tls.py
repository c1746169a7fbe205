"""Certificates that do not fit, each with its own reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge.mqtt.broker_settings import TlsSettings
from support.mosquitto import (
    BrokerOptions,
    Certificates,
    Mosquitto,
    make_certificates,
    running,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

from support.paho_trap import Trap, traps


@pytest.fixture
def trap() -> Iterator[Callable[..., Trap]]:
    """Makes publishers that are disconnected in the end."""
    with traps() as make:
        yield make


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """One authority for the whole module."""
    return make_certificates(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A broker that lets everybody in."""
    with running(tmp_path_factory.mktemp("plain")) as broker:
        yield broker


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Mosquitto]:
    """A broker with TLS."""
    with running(tmp_path_factory.mktemp("tls"), BrokerOptions(certificates=certificates)) as broker:
        yield broker


def _tls(certificates: Certificates, **changes: Any) -> dict[str, Any]:
    return {"host": "localhost", "tls": replace(TlsSettings(ca_file=certificates.ca), **changes)}


def test_an_unknown_authority_is_named(encrypted: Mosquitto, trap: Callable[..., Trap]) -> None:
    """The system's authorities did not sign the test's certificate."""
    failure = trap(encrypted.port, host="localhost", tls=TlsSettings()).failure()
    assert "of an unknown authority: set the CA file" in failure.reason
    assert failure.refused


def test_a_wrong_host_name_is_named(tmp_path: Path, trap: Callable[..., Trap]) -> None:
    """The host name is always checked."""
    pki = make_certificates(tmp_path / "pki", names="DNS:elsewhere.example")
    with running(tmp_path, BrokerOptions(certificates=pki)) as broker:
        failure = trap(broker.port, **_tls(pki)).failure()
    assert "is for another host" in failure.reason


@pytest.mark.parametrize(
    ("not_before", "not_after", "words", "refused"),
    [
        ("20200101000000Z", "20200201000000Z", "has expired", True),
        ("20900101000000Z", "20910101000000Z", "not yet valid: check this machine's clock", False),
    ],
)
def test_a_certificate_out_of_its_time_is_named(
    tmp_path: Path, trap: Callable[..., Trap], *, not_before: str, not_after: str, words: str, refused: bool
) -> None:
    """Expired stays so; not yet valid may only be our clock, which will be set."""
    pki = make_certificates(tmp_path / "pki", not_before=not_before, not_after=not_after)
    with running(tmp_path, BrokerOptions(certificates=pki)) as broker:
        failure = trap(broker.port, **_tls(pki)).failure()
    assert words in failure.reason
    assert failure.refused is refused


def test_a_missing_client_certificate_is_named(
    tmp_path: Path, certificates: Certificates, trap: Callable[..., Trap]
) -> None:
    """Under TLS 1.3 the broker tells only after the handshake; it is understood nevertheless."""
    options = BrokerOptions(certificates=certificates, client_certificates=True)
    with running(tmp_path, options) as broker:
        failure = trap(broker.port, **_tls(certificates)).failure()
    assert "does not accept our certificate, or wants one" in failure.reason
    assert failure.refused


def test_tls_to_a_plain_port_is_named(plain: Mosquitto, certificates: Certificates, trap: Callable[..., Trap]) -> None:
    """The commonest mistake of all."""
    failure = trap(plain.port, **_tls(certificates)).failure()
    assert "hung up" in failure.reason or "no TLS on that port" in failure.reason


def test_plain_to_a_tls_port_is_named(encrypted: Mosquitto, trap: Callable[..., Trap]) -> None:
    """And the other way round."""
    assert "hung up without an answer" in trap(encrypted.port).failure().reason


@pytest.mark.parametrize("name", ["ca_file", "certificate_file"])
def test_a_file_that_is_not_there_is_named(
    encrypted: Mosquitto, certificates: Certificates, trap: Callable[..., Trap], *, tmp_path: Path, name: str
) -> None:
    """A wrong path in the configuration is told with the path."""
    failure = trap(encrypted.port, **_tls(certificates, **{name: tmp_path / "absent.pem"})).failure()
    assert "absent.pem" in failure.reason
    assert "readable PEM" in failure.reason
    assert failure.refused
