"""Signatures over bundles."""

from __future__ import annotations

import base64
import sys
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from insect_edge.adapters.ed25519 import verify
from insect_edge.composition.models import check_signature, chosen_model
from insect_edge.config.parse import parse_config
from insect_edge.errors import ModelError
from insect_edge.models.store import ModelStore
from insect_edge.models.switching import use
from support import tiny_model

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def written(path: Path, key: Ed25519PublicKey | EllipticCurvePublicKey) -> Path:
    """A public key as openssl writes it."""
    path.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The file of the public key."""
    return written(tmp_path / "bundles.pub.pem", KEY.public_key())


def sign(bundle: Path, key: Ed25519PrivateKey = KEY) -> Path:
    """As `cat card.json model.tflite | openssl pkeyutl -sign -rawin` does."""
    content = (bundle / "card.json").read_bytes() + (bundle / "model.tflite").read_bytes()
    (bundle / "bundle.sig").write_bytes(key.sign(content))
    return bundle


def test_a_signature_fits_what_it_was_made_over(key: Path) -> None:
    """As raw bytes and in Base64 alike."""
    signature = KEY.sign(b"content")
    verify(signature, b"content", public_key=key, name="x")
    verify(base64.encodebytes(signature), b"content", public_key=key, name="x")


@pytest.mark.parametrize("signature", [OTHER.sign(b"content"), KEY.sign(b"other"), b"", b"\xff" * 64, b"@@@"])
def test_any_other_signature_is_refused(key: Path, signature: bytes) -> None:
    """Of another key, over something else, or nonsense."""
    with pytest.raises(ModelError, match=r"x: the signature does not fit bundles\.pub\.pem"):
        verify(signature, b"content", public_key=key, name="x")


def test_a_key_that_is_none_is_told(tmp_path: Path) -> None:
    """Absent, garbage, or of another kind."""
    (tmp_path / "garbage").write_text("hello", encoding="utf-8")
    written(tmp_path / "curve", generate_private_key(SECP256R1()).public_key())
    for name, says in {
        "absent": "cannot be read",
        "garbage": "no public key in PEM",
        "curve": "not an Ed25519",
    }.items():
        with pytest.raises(ModelError, match=says):
            verify(bytes(64), b"", public_key=tmp_path / name, name="x")


def test_without_the_package_a_configured_key_refuses(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that cannot be made is never passed over."""
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(ModelError, match=r"cryptography package is not installed: install it"):
        verify(KEY.sign(b""), b"", public_key=key, name="x")


def test_card_and_model_are_both_signed(tmp_path: Path, key: Path) -> None:
    """A byte more in either, and the signature fits no longer."""
    bundle = tiny_model.write_bundle(tmp_path / "bundle")
    with pytest.raises(ModelError, match=r"not signed \(no bundle\.sig\)"):
        check_signature(bundle, public_key=key)
    check_signature(sign(bundle), public_key=key)
    for name in ("card.json", "model.tflite"):
        before = (bundle / name).read_bytes()
        (bundle / name).write_bytes(before + b" ")
        with pytest.raises(ModelError, match="does not fit"):
            check_signature(bundle, public_key=key)
        (bundle / name).write_bytes(before)


def test_the_chosen_model_has_to_be_signed_and_the_built_in_one_has_not(tmp_path: Path, key: Path) -> None:
    """With a key in the configuration nothing else is loaded, wherever it comes from."""
    text = f'model.directory = "models"\nmodel.public_key = "{key.name}"\n'
    config = parse_config(text.encode(), name="trap.toml", folder=tmp_path)
    assert not chosen_model(config).signed
    bundle = tiny_model.write_bundle(tmp_path / "bundle")
    store = ModelStore(tmp_path / "models")
    files = {path.name: path.read_bytes() for path in bundle.iterdir()}
    store.add(files, check=lambda _: None)
    store.change(lambda state: use(state, "tiny-garden-v1"))
    named = parse_config(f'{text}model.path = "bundle"'.encode(), name="trap.toml", folder=tmp_path)
    for unsigned in (config, named):
        with pytest.raises(ModelError, match="not signed"):
            chosen_model(unsigned)
    sign(bundle)
    sign(store.path("tiny-garden-v1"))
    assert chosen_model(config).signed
    assert (chosen_model(named).path, chosen_model(named).signed, chosen_model(named).name) == (bundle, True, None)
