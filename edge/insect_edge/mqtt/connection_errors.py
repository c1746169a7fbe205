"""Why a connection could not be made, and what to do about it, in one line for people."""

from __future__ import annotations

import errno
import socket
import ssl

from insect_edge.mqtt import reason_codes

# X509_V_ERR_* of OpenSSL's x509_vfy.h.
_NOT_YET_VALID = 9
_EXPIRED = 10
_UNKNOWN_AUTHORITY = {2, 18, 19, 20, 21}
_WRONG_HOST = {62, 64}
_CLIENT_CERTIFICATE_ALERTS = (
    "CERTIFICATE_REQUIRED",
    "ALERT_BAD_CERTIFICATE",
    "ALERT_HANDSHAKE_FAILURE",
    "ALERT_UNKNOWN_CA",
    "ALERT_CERTIFICATE_EXPIRED",
    "ALERT_CERTIFICATE_UNKNOWN",
    "ALERT_CERTIFICATE_REVOKED",
    "ALERT_UNSUPPORTED_CERTIFICATE",
)


class Ending:
    """Why one connection ended; what is found out first counts."""

    def __init__(self, *, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._accepted = False
        self._tells_why = True
        self._noted = ""
        self._found: tuple[str, bool] | None = None

    @property
    def known(self) -> bool:
        """Whether anything was found out; a peer that hung up before it said anything leaves nothing."""
        return self._found is not None

    def reason(self) -> tuple[str, bool]:
        """One line, and whether it will stay that way until somebody does something."""
        return self._found or (f"{self._host}:{self._port}: hung up without an answer: is a broker there?", False)

    def accepted(self, *, tells_why: bool = True) -> None:
        """The broker let us in; under 3.1.1 it cannot tell why it throws us out."""
        self._accepted = True
        self._tells_why = tells_why

    def failed(self, error: Exception) -> None:
        """The attempt raised `error`."""
        text, stays = describe(error, host=self._host, port=self._port)
        self._find(text, stays=stays)

    def refused(self, code: int) -> None:
        """The broker gave an MQTT reason code."""
        self._find(f"{self._host}: {reason_codes.connection_refused(code)}", stays=reason_codes.stays_refused(code))

    def silent(self, seconds: int) -> None:
        """Nothing was heard for the keepalive's `seconds`."""
        self._find(f"{self._host}: silent for {seconds} s: check the network and the broker")

    def note(self, text: str) -> None:
        """What the client library says went wrong on the socket."""
        self._noted = text

    def lost(self) -> None:
        """The connection broke, or the peer closed it."""
        if "[SSL" in self._noted or "SSL:" in self._noted:
            # TLS 1.3 tells of a client certificate it does not like only after the handshake.
            self._find(f"{self._host}:{self._port}: {tls_failure(self._noted)}", stays=True)
        elif self._accepted:
            clash = "" if self._tells_why else ", and that no other client has the same client id"
            self._find(f"{self._host}: the connection was lost: check the network and the broker{clash}")

    def _find(self, text: str, *, stays: bool = False) -> None:
        if self._found is None:
            self._found = (text, stays)


def describe(error: Exception, *, host: str, port: int) -> tuple[str, bool]:
    """One line on what an attempt to connect raised, and whether it stays so until somebody does something.

    Args:
        error: what was raised.
        host: the broker's name or address, as configured.
        port: its TCP port.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error, host=host)
    if isinstance(error, ssl.SSLError):
        return f"{host}:{port}: {tls_failure(str(error))}", True
    if isinstance(error, socket.gaierror):
        return f"{host}: unknown host ({error.strerror}): check the name, or the network's name server", False
    if isinstance(error, OSError):
        return f"{host}:{port}: {_network(error)}", False
    # Ours (a file that cannot be used) or paho's (a port that is none); both are whole sentences.
    return str(error), True


def _network(error: OSError) -> str:
    match error:
        case TimeoutError():
            return "no answer in time: check the address, the network and any firewall"
        case ConnectionRefusedError():
            return "nobody listens there: start the broker, or correct host and port"
        case ConnectionResetError():
            return "hung up while connecting: check that port and encryption fit the broker's listener"
        case OSError(errno=errno.ENETUNREACH | errno.EHOSTUNREACH):
            return "no route: check the network"
        case _:
            return f"cannot connect ({error}): check host, port and network"


def tls_failure(text: str) -> str:
    """What OpenSSL's message means, for one that is not about the broker's certificate."""
    capitals = text.upper().replace(" ", "_")
    if any(alert in capitals for alert in _CLIENT_CERTIFICATE_ALERTS):
        return f"the broker does not accept our certificate, or wants one ({text}): set certificate and key it trusts"
    if any(sign in capitals for sign in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNEXPECTED_EOF")):
        return f"no TLS on that port ({text}): use the broker's TLS port, or switch TLS off"
    return f"TLS failed ({text}): check the TLS settings on both sides"


def _certificate(error: ssl.SSLCertVerificationError, *, host: str) -> tuple[str, bool]:
    code = error.verify_code
    if code == _NOT_YET_VALID:
        advice = "check this machine's clock (clock_unsynced in the health report: it connects once that is set)"
        return f"{host}: the broker's certificate is not yet valid: {advice}", False
    if code == _EXPIRED:
        return f"{host}: the broker's certificate has expired: renew it on the broker (or check this clock)", True
    if code in _WRONG_HOST:
        return f"{host}: the broker's certificate is for another host: use the name it was made for", True
    if code in _UNKNOWN_AUTHORITY:
        return f"{host}: the broker's certificate is of an unknown authority: set the CA file it was signed with", True
    return f"{host}: the broker's certificate is not accepted ({error.verify_message}): replace it", True
