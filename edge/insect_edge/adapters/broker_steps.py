"""The way to a broker on foot: name, connection, encryption, so that the step that fails is known by name.

Login and everything after it are the publisher's own business.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from insect_edge.adapters.tls import tls_context
from insect_edge.doctor.findings import Finding, failure, good, skipped, warning
from insect_edge.mqtt.connection_errors import describe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from insect_edge.mqtt.broker_settings import BrokerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class _Address:
    """One address a name stands for."""

    family: int
    target: tuple[str, int]


def walk(settings: BrokerSettings) -> Iterator[Finding]:
    """One finding a step; the first that fails is the last."""
    try:
        addresses = _resolve(settings)
    except (OSError, UnicodeError) as error:
        yield _failed("name", error, settings)
        return
    shown = ", ".join(dict.fromkeys(address.target[0] for address in addresses))
    yield good("name", f"{settings.host} is {shown}", host=settings.host, addresses=shown.split(", "))
    try:
        connection = _connect(addresses, seconds=settings.connect_seconds)
    except OSError as error:
        yield _failed("connection", error, settings)
        return
    with connection:
        peer = connection.getpeername()[0]
        yield good("connection", f"{peer} listens on port {settings.port}", address=peer, port=settings.port)
        yield _encrypt(connection, settings)


def _resolve(settings: BrokerSettings) -> list[_Address]:
    found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
    return [_Address(family=family, target=(str(name[0]), settings.port)) for family, _, _, _, name in found]


def _connect(addresses: list[_Address], *, seconds: float) -> socket.socket:
    """To the first address that answers."""
    errors: list[OSError] = []
    for address in addresses:
        connection = socket.socket(address.family, socket.SOCK_STREAM)
        connection.settimeout(seconds)
        try:
            connection.connect(address.target)
        except OSError as error:
            connection.close()
            errors.append(error)
        else:
            return connection
    raise errors[0] if errors else OSError("the name stands for no address")


def _encrypt(connection: socket.socket, settings: BrokerSettings) -> Finding:
    if settings.tls is None:
        local = ipaddress.ip_address(connection.getpeername()[0].partition("%")[0]).is_loopback
        if settings.password is None or local:
            return skipped("encryption", "none is configured")
        what = "none, so that everybody on the network can read the password"
        return warning("encryption", what, "have the broker offer TLS, and set [mqtt.tls] enabled = true")
    try:
        with tls_context(settings.tls).wrap_socket(connection, server_hostname=settings.host) as encrypted:
            certificate = encrypted.getpeercert() or {}
            version = encrypted.version()
            # Closed in order, or the broker's log would have a line about it.
            with contextlib.suppress(OSError):
                encrypted.settimeout(1.0)
                encrypted.unwrap()
    except (OSError, ValueError) as error:
        return _failed("encryption", error, settings)
    until = str(certificate.get("notAfter", "?"))
    text = f"{version}, the certificate is for {settings.host} and holds until {until}"
    return good("encryption", text, version=version, not_after=until)


def _failed(check: str, error: Exception, settings: BrokerSettings) -> Finding:
    text, _ = describe(error, host=settings.host, port=settings.port)
    return failure(check, text, None)
