"""Ed25519 signatures over bundles, by the cryptography package where it is installed."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from insect_edge.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

_RAW_BYTES = 64
_INSTALL = "install it (sudo apt install python3-cryptography, or pip install 'insect-edge[signatures]')"


def verify(signature: bytes, content: bytes, *, public_key: Path, name: str) -> None:
    """Hold a signature against what it was made over.

    Args:
        signature: 64 bytes as they are, or in Base64.
        content: what was signed.
        public_key: PEM file with an Ed25519 public key.
        name: of the bundle, for messages.

    Raises:
        ModelError: when it does not fit, or cannot be checked.
    """
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 # an extra; only who names a key pays
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(
            f"{public_key}: a public key is configured, but the cryptography package is not installed: {_INSTALL}"
        ) from error
    try:
        key = load_pem_public_key(public_key.read_bytes())
    except OSError as error:
        raise ModelError(f"{public_key}: the public key cannot be read ({error.strerror}): check the path") from error
    except ValueError as error:
        raise ModelError(f"{public_key}: no public key in PEM: openssl pkey -pubout makes one") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ModelError(f"{public_key}: not an Ed25519 key: openssl genpkey -algorithm ed25519 makes one")
    try:
        key.verify(_raw(signature), content)
    except InvalidSignature as error:
        raise ModelError(
            f"{name}: the signature does not fit {public_key.name}: the bundle was changed, or signed with another key"
        ) from error


def _raw(signature: bytes) -> bytes:
    if len(signature) == _RAW_BYTES:
        return signature
    try:
        return base64.b64decode(signature, validate=False)
    except binascii.Error:
        return signature
