"""Bundles on this device: where they lie, what is checked before one is used, and how the daemon takes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from insect_edge.adapters import child, ed25519
from insect_edge.composition.folders import state_folder
from insect_edge.composition.trial import MODULE
from insect_edge.doctor.libraries import why_it_ended
from insect_edge.errors import ModelError
from insect_edge.model_bundle import CARD_FILE, MODEL_FILE, default_path
from insect_edge.models.intake import SIGNATURE_FILE
from insect_edge.models.launch import Launch
from insect_edge.models.store import ModelStore
from insect_edge.models.switching import BUILT_IN

if TYPE_CHECKING:
    from pathlib import Path

    from insect_edge.config.sections import Config
    from insect_edge.protocols import Clock

CHECK_SECONDS = 120.0
"""A slow card, a slow processor, and a model of the largest size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which model is to be loaded.

    Attributes:
        path: of the bundle folder or the bare file.
        signed: whether a signature over it was verified.
        name: under which it is kept; None for one that the configuration names.
    """

    path: Path
    signed: bool
    name: str | None


def model_store(config: Config) -> ModelStore:
    """The bundles of this device."""
    return ModelStore(config.model.directory or state_folder() / "models")


def make_launch(config: Config, *, clock: Clock) -> Launch:
    """One start of the daemon; it is counted from now on, unless the configuration names the model itself."""
    return Launch(None if config.model.path is not None else model_store(config), clock=clock)


def chosen_model(config: Config, *, name: str | None = None) -> Chosen:
    """The model the configuration names, else the one that was chosen, else the one that comes with the program.

    Args:
        config: names it, the folder of bundles, and the key that they must be signed with.
        name: the one that was chosen, where that is known already.

    Raises:
        ModelError: when it is not there, or not signed as the configuration wants it.
        StateError: when nobody can tell which was chosen.
    """
    if config.model.path is not None:
        path, name = config.model.path, None
    else:
        store = model_store(config)
        name = store.switch().current if name is None else name
        path = default_path() if name == BUILT_IN else store.path(name)
    key = config.model.public_key
    if key is None or name == BUILT_IN:
        return Chosen(path=path, signed=False, name=name)
    check_signature(path, public_key=key)
    return Chosen(path=path, signed=True, name=name)


def check_signature(bundle: Path, *, public_key: Path) -> None:
    """Hold the bundle's signature against its card and its model, one after the other.

    The card holds the model's hash and the labels, so that with it all is signed that matters.

    Raises:
        ModelError: when it has none, or it does not fit.
    """
    try:
        signature = (bundle / SIGNATURE_FILE).read_bytes()
        content = (bundle / CARD_FILE).read_bytes() + (bundle / MODEL_FILE).read_bytes()
    except FileNotFoundError as error:
        raise ModelError(
            f"{bundle}: not signed (no {SIGNATURE_FILE}), and [model] public_key wants a signature: sign it"
        ) from error
    except OSError as error:
        raise ModelError(f"{bundle}: cannot be read ({error.strerror}): check its permissions") from error
    ed25519.verify(signature, content, public_key=public_key, name=bundle.name)


def checked(bundle: Path, *, config_path: str, fits: str = "") -> dict[str, Any]:
    """Load a bundle in a process of its own, which a bad one may crash: hash, signature, golden vector.

    Args:
        bundle: its folder.
        config_path: of the configuration, which may name a key; empty for none.
        fits: anything but empty also holds the labels of the configuration against it.

    Returns:
        What it is: see `trial.try_bundle`.

    Raises:
        ModelError: when it must not be used.
    """
    attempt = child.python("-m", MODULE, "bundle", str(bundle), config_path, fits, seconds=CHECK_SECONDS)
    answer = child.answer_of(attempt)
    if answer is None:
        text, remedy = why_it_ended(attempt, advice="the bundle is damaged, or made for another runtime")
        raise ModelError(f"{bundle}: loading it {text}: {remedy}")
    if "error" in answer:
        raise ModelError(str(answer["error"]))
    return answer
