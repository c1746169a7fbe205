"""From a `.tflite` classifier to a file of weights that `train --backbone-weights` takes."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from insect_converter import dataset, pictures, progress, whole_file
from insect_converter.errors import TrainingError
from insect_converter.pretrained.tflite import Source
from insect_converter.quiet import native_silence
from insect_edge import preprocess
from insect_edge.card import InputContract

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIX = ".weights.h5"
"""Keras writes nothing else."""
_COMPARED = 16
_LEAST_AGREEMENT = 0.9
"""Correlation of the pooled features with those of the file's own graph. Eight bits a tensor leave 0.99 and more; a
graph of another make, such as one with other activations, is far below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user asked for; see the command's help."""

    model: Path
    data: Path
    photographs: int
    seed: int
    out: Path
    force: bool


def run(options: Options) -> None:
    """Take the backbone out, hold it against its source and write it.

    Raises:
        InsectEdgeError: with one line that says what to do.
    """
    if not options.out.name.endswith(SUFFIX):
        raise TrainingError(f"{options.out}: Keras writes weights to names that end in {SUFFIX}: name it so")
    whole_file.check_place(options.out, replace=options.force)
    source = Source(options.model)
    views = _views(options, side=source.side)
    with native_silence():
        from insect_converter.pretrained import restore  # noqa: PLC0415 - imports TensorFlow, which takes seconds
    network = restore.network_of(source.convolutions(), source=str(options.model))
    restore.restore(network, views)
    compared = views[:_COMPARED]
    agreement = _agreement(network.predict_on_batch(compared), np.stack([source.features(view) for view in compared]))
    if agreement < _LEAST_AGREEMENT:
        raise TrainingError(
            f"{options.model}: features correlate with the file's own by {agreement:.3f} only, "
            f"{_LEAST_AGREEMENT:g} is wanted: it is no MobileNetV2 as Keras builds it; use another model"
        )
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder) / options.out.name
        network.save_weights(temporary)
        whole_file.write(options.out, temporary.read_bytes(), replace=options.force)
    progress.say(
        f"batch normalisation restored on {len(views)} photographs; features correlate with the file's own by "
        f"{agreement:.4f} over {len(compared)} of them"
    )
    progress.say(f"wrote {options.out}: `insect-converter train --backbone-weights {options.out}` begins with it")


def _views(options: Options, *, side: int) -> NDArray[np.float32]:
    """Some photographs as the network would see them."""
    found = dataset.read(options.data, background=None).photographs
    chosen = np.random.default_rng(options.seed).permutation(len(found))[: options.photographs]
    decoded, _ = pictures.load([found[at] for at in chosen], shorter_side=side)
    if not decoded:
        raise TrainingError(f"{options.data}: none of {len(chosen)} photographs can be read: name another folder")
    contract = InputContract(width=side, height=side)
    pixels = [preprocess.to_model_pixels(each.pixels, region=None, contract=contract) for each in decoded.values()]
    return preprocess.normalize(np.stack(pixels), contract)


def _agreement(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> float:
    if ours.shape != theirs.shape or not ours.std() or not theirs.std():
        return 0.0
    return float(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1])
