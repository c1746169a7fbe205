"""How to reach the broker: plain data, without the library that does it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PLAIN_PORT = 1883
TLS_PORT = 8883


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """Encryption; the broker's certificate and its host name are always checked.

    Attributes:
        ca_file: PEM file of the authorities to trust; None for the system's.
        certificate_file: PEM file of the client's own certificate, with its chain.
        key_file: PEM file of the key that belongs to it, unencrypted.
    """

    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """One broker and who we are to it.

    Attributes:
        host: name or address.
        port: TCP port.
        client_id: the device id; two clients with the same one throw each other out.
        username: None for an anonymous connection.
        password: never shown in `repr`.
        tls: None for a plain connection.
        protocol: `auto` (5, then 3.1.1 where the broker wants it), `5` or `3.1.1`.
        keepalive_seconds: a connection silent for 1.5 times this is dead.
        largest_received: bytes of the largest packet an MQTT 5 broker may send us; it leaves out what is larger. None
            for no limit.
        most_waiting: messages that arrive while so many notices wait for their reader are thrown away; None for no
            limit.
        user_properties: names and values MQTT 5 carries beside every message.
        connect_seconds: longest a TCP connection, and the TLS handshake on it, may take.
    """

    host: str
    client_id: str
    port: int = PLAIN_PORT
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: TlsSettings | None = None
    protocol: str = "auto"
    keepalive_seconds: int = 30
    connect_seconds: float = 10.0
    largest_received: int | None = None
    most_waiting: int | None = None
    user_properties: tuple[tuple[str, str], ...] = ()
