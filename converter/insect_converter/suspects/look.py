"""Look at every photograph once with the pretrained backbone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from insect_converter.errors import TrainingError
from insect_converter.pictures import difference_hash
from insect_converter.recipes import Recipe
from insect_converter.suspects.store import Features
from insect_edge import preprocess
from insect_edge.adapters.pictures import decode_picture, read_picture_bytes
from insect_edge.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from insect_converter.dataset import Photograph
    from insect_converter.suspects.store import FeatureStore

    Backbone = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]

RECIPE = Recipe(name="suspects")
"""Size and width of the backbone: the published MobileNetV2 1.0 at 224 pixels."""
_BATCH = 64
_SAVE_EVERY = 4096
_WAY = "centred square and its mirror image, 224 px, average"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Photographs that could be read, and what the backbone saw in them.

    Attributes:
        photographs: in their order; the lists below are parallel to it.
        features: of each.
        unreadable: why the others could not be read, by path.
    """

    photographs: list[Photograph]
    features: list[Features]
    unreadable: dict[Path, str]

    def vectors(self) -> NDArray[np.float32]:
        """(photographs, features)."""
        return np.stack([features.vector for features in self.features]).astype(np.float32)


def key_of(weights: Path | None) -> str:
    """What names a backbone and the way of looking in a `FeatureStore`.

    Raises:
        TrainingError: when there is no such file.
    """
    if weights is None:
        return f"Keras' ImageNet weights; {_WAY}"
    try:
        with weights.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = error.strerror or error
        raise TrainingError(
            f"{weights}: cannot be read ({reason}): name the backbone's weights, or leave --backbone-weights out"
        ) from error
    return f"{content}; {_WAY}"


def pretrained(weights: Path | None) -> Backbone:
    """The pretrained backbone as a function from (pictures, 224, 224, 3) uint8, R, G, B, to (pictures, features).

    TensorFlow is loaded when it is first called: where all features are in the store nobody waits for it.

    Args:
        weights: a file in Keras' own layout without the classifier; None for Keras' ImageNet download.
    """
    networks: list[Network] = []

    def look(views: NDArray[np.uint8]) -> NDArray[np.float32]:
        if not networks:
            networks.append(_load(weights))
        # An animal and its mirror image are the same animal: averaging takes out what is chance.
        both = (networks[0](_real(side)) for side in (views, views[:, :, ::-1]))
        average: NDArray[np.float32] = np.mean(list(both), axis=0, dtype=np.float32)
        return average

    return look


def see(
    photographs: Iterable[Photograph],
    *,
    backbone: Backbone,
    store: FeatureStore,
    on_each: Callable[[], object] = lambda: None,
) -> Seen:
    """Features of every photograph that can be read: from the store, or computed and put there.

    Args:
        photographs: to look at; never more than one batch of them is in memory.
        backbone: from `pretrained`.
        store: is saved now and then and at the end.
        on_each: called after each, for a progress bar.

    Raises:
        TrainingError: when the backbone's weights cannot be had.
        OSError: when the store cannot be written.
    """
    waiting = _Waiting(backbone=backbone, store=store)
    hashes: list[tuple[Photograph, str]] = []
    unreadable: dict[Path, str] = {}
    try:
        for photograph in photographs:
            try:
                hashes.append((photograph, waiting.add(photograph)))
            except ImageError as error:
                unreadable[photograph.path] = str(error)
            on_each()
        waiting.flush()
    finally:
        # Also when somebody has no patience: the next run goes on from here.
        store.save()
    features = [found for _, sha256 in hashes if (found := store.get(sha256)) is not None]
    return Seen(photographs=[photograph for photograph, _ in hashes], features=features, unreadable=unreadable)


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """Photographs for the next call of the backbone."""

    backbone: Backbone
    store: FeatureStore
    views: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    bits: dict[str, int] = field(default_factory=dict)

    def add(self, photograph: Photograph) -> str:
        """Take one more, unless it is known; a file that is there twice is looked at once.

        Returns:
            The SHA-256 of its file.

        Raises:
            ImageError: when it cannot be read.
        """
        data = read_picture_bytes(photograph.path)
        sha256 = hashlib.sha256(data).hexdigest()
        if self.store.get(sha256) is None and sha256 not in self.views:
            pixels = decode_picture(data, name=str(photograph.path))
            self.views[sha256] = preprocess.to_model_pixels(pixels, region=None, contract=RECIPE.contract())
            self.bits[sha256] = difference_hash(pixels)
        if len(self.views) == _BATCH:
            self.flush()
        return sha256

    def flush(self) -> None:
        """Look at those that wait."""
        if not self.views:
            return
        vectors = self.backbone(np.stack(list(self.views.values()))).astype(np.float16)
        for (sha256, bits), vector in zip(self.bits.items(), vectors, strict=True):
            self.store.put(sha256, Features(vector=vector, difference_hash=bits))
        self.views.clear()
        self.bits.clear()
        if self.store.unsaved >= _SAVE_EVERY:
            self.store.save()


def _load(weights: Path | None) -> Network:
    from insect_converter.quiet import native_silence  # noqa: PLC0415 - only where it is needed

    with native_silence():
        from insect_converter import backbone  # noqa: PLC0415 - it imports TensorFlow
    network = backbone.build_backbone(RECIPE, weights)
    predict: Network = network.predict_on_batch
    return predict


def _real(views: NDArray[np.uint8]) -> NDArray[np.float32]:
    """MobileNetV2's own range: [-1, 1]."""
    real: NDArray[np.float32] = preprocess.normalize(views, RECIPE.contract())
    return real
