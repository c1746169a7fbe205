"""The TLS context of a client: whom it trusts and who it is."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from insect_edge.mqtt.broker_settings import TlsSettings


class _TidySocket(ssl.SSLSocket):
    """Closes itself when the handshake fails; paho then has not got hold of it yet and could not."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 # the signature is ssl's
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


def tls_context(tls: TlsSettings) -> ssl.SSLContext:
    """Trust as configured; certificate and host name are always checked.

    Raises:
        ValueError: when a file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=None if tls.ca_file is None else str(tls.ca_file))
    except OSError as error:
        raise ValueError(f"CA file {tls.ca_file}: {error.strerror or error}: set a readable PEM file") from error
    context.sslsocket_class = _TidySocket
    if tls.certificate_file is not None:
        try:
            # Without the function OpenSSL would ask for an encrypted key's password on the terminal.
            context.load_cert_chain(tls.certificate_file, tls.key_file, password=lambda: "")
        except OSError as error:
            raise ValueError(
                f"certificate {tls.certificate_file}, key {tls.key_file}: {error.strerror or error}: "
                "set readable PEM files that belong together, the key unencrypted"
            ) from error
    return context
