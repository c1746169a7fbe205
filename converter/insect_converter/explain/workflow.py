"""From photographs to pictures of where the model looked.

TensorFlow takes seconds to import, so it is imported once everything that can be refused has been looked at.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from insect_converter import whole_file
from insect_converter.errors import TrainingError
from insect_converter.explain import plan as plans
from insect_converter.quiet import native_silence
from insect_edge import preprocess
from insect_edge.adapters.pictures import read_picture
from insect_edge.errors import ImageError, InsectEdgeError
from insect_edge.postprocess import softmax

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from insect_converter.explain.network import Network
    from insect_edge.card import ModelCard


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainOptions:
    """What the user asked for; see the command's help."""

    images: tuple[Path, ...]
    run: Path | None
    float_file: Path | None
    bundle: Path | None
    labels: Path | None
    label: str | None
    out: Path


def explain(options: ExplainOptions) -> bool:
    """Write one picture for each photograph and tell its label and score.

    A photograph that cannot be read, or whose picture is already there, is told and does not keep the others.

    Returns:
        Whether all of them were written.

    Raises:
        InsectEdgeError: when model, label or folder cannot be used at all.
    """
    plan = plans.make(run=options.run, float_file=options.float_file, bundle=options.bundle, labels=options.labels)
    wanted = None if options.label is None else plan.label_index(options.label)
    outputs = _outputs(options.images, options.out)
    with native_silence():
        import tensorflow  # noqa: F401, PLC0415, ICN001 - see above; it greets everybody with what its build could do
    from insect_converter.explain import network as networks  # noqa: PLC0415 - see above

    network = networks.load(plan)
    options.out.mkdir(parents=True, exist_ok=True)
    whole = True
    for image, output in zip(options.images, outputs, strict=True):
        try:
            said = _explain_one(network, image, output, wanted=wanted, calibrated=plan.calibrated)
        except InsectEdgeError as error:
            click.echo(f"insect-converter: {error}", err=True)
            whole = False
        else:
            click.echo(f"{image}: {said} -> {output}")
    return whole


def _explain_one(network: Network, image: Path, output: Path, *, wanted: int | None, calibrated: bool) -> str:
    from insect_converter.explain import gradcam, overlay, sheet  # noqa: PLC0415 - TensorFlow and matplotlib

    if os.path.lexists(output):
        raise ImageError(f"{output}: there is something already: name another folder with --out")
    contract = network.card.input
    view = preprocess.to_model_pixels(read_picture(image), region=None, contract=contract)
    heat = gradcam.gradcam(network.model, preprocess.normalize(view, contract), label=wanted)
    scores = _scores(heat.outputs, network.card)
    label = network.card.labels[heat.label].name
    best = network.card.labels[int(scores.argmax())].name
    said = f"{label} {scores[heat.label]:.2f}" + ("" if label == best else f" (top label: {best} {scores.max():.2f})")
    seen = overlay.as_shown(view, color_order=contract.color_order)
    kind = "with the bundle's temperature" if calibrated else "without temperature"
    content = sheet.draw(
        seen,
        overlay.overlay(seen, heat.values),
        title=said,
        note=f"Grad-CAM for {label}: bright places spoke for it. Score of the float model, {kind}.",
    )
    whole_file.write(output, content, replace=False)
    return said


def _scores(outputs: NDArray[np.float32], card: ModelCard) -> NDArray[np.float32]:
    """Scores of a float model, which may end in them."""
    from insect_converter.explain.gradcam import are_scores  # noqa: PLC0415 - TensorFlow

    return outputs if are_scores(outputs) else softmax(outputs, temperature=card.temperature)


def _outputs(images: Sequence[Path], folder: Path) -> list[Path]:
    """A file in the folder for each photograph, named after it; numbered where two share a name."""
    if folder.exists() and not folder.is_dir():
        raise TrainingError(f"{folder}: not a folder: name another one with --out")
    totals, seen = Counter(image.stem for image in images), Counter[str]()
    outputs = []
    for image in images:
        seen[image.stem] += 1
        number = f"-{seen[image.stem]}" if totals[image.stem] > 1 else ""
        outputs.append(folder / f"{image.stem}{number}.png")
    return outputs
