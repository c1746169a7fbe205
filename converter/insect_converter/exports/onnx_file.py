"""ONNX from the float model, for ONNX Runtime and whatever else reads it."""

from __future__ import annotations

import importlib
import importlib.util
import json
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from insect_converter.errors import ExportError
from insect_converter.exports import check
from insect_converter.exports.onnx_runtime import OnnxInterpreter
from insect_converter.quiet import native_silence
from insect_edge import preprocess
from insect_edge.classifier import Classifier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from insect_edge.card import ModelCard

PACKAGES = ("onnx", "onnxruntime", "tf2onnx")


def refuse_missing_packages() -> None:
    """Make sure that the packages are there, before the work begins.

    Raises:
        ExportError: naming the ones that are not.
    """
    missing = [package for package in PACKAGES if importlib.util.find_spec(package) is None]
    if missing:
        raise ExportError(
            f"ONNX needs {' and '.join(missing)}, which {'are' if missing[1:] else 'is'} not installed: "
            "pip install 'insect-edge[exports]'"
        )


def make(model: Any, card: ModelCard) -> bytes:
    """The ONNX file: pictures (batch, height, width, channels) in, logits out, the card's contract as properties.

    Args:
        model: float Keras model.
        card: of its bundle.

    Raises:
        ExportError: when the conversion fails, or ONNX Runtime answers otherwise than the float model.
    """
    content = _labelled(_convert(model, card), card)
    made = Classifier(OnnxInterpreter(content, name=f"{card.model_id}.onnx"), replace(card, golden=None))

    def expected(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        view = preprocess.to_model_pixels(pixels, region=None, contract=card.input)
        return _first(model(preprocess.normalize(view, card.input)[np.newaxis], training=False))

    check.same_logits(made, expected, name=card.model_id)
    return content


def _convert(model: Any, card: ModelCard) -> Any:
    contract = card.input
    # Keras exports what has been called, and a model read from its file has not.
    model(np.zeros((1, contract.height, contract.width, contract.channels), np.float32), training=False)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), native_silence():
        # Keras looks for a name that numpy has warned of for years.
        warnings.simplefilter("ignore", FutureWarning)
        path = Path(folder) / "model.onnx"
        try:
            model.export(str(path), format="onnx", verbose=False)
        except Exception as error:  # tf2onnx raises whatever its rewriters met
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ExportError(
                f"{card.model_id}: tf2onnx refuses the model ({reason}): use the versions the project names"
            ) from error
        return importlib.import_module("onnx").load(str(path))


def _labelled(graph: Any, card: ModelCard) -> bytes:
    """Inputs and outputs called by names that people know, and the card's contract with the file."""
    onnx = importlib.import_module("onnx")
    old = graph.graph.output[0].name
    for node in graph.graph.node:
        node.output[:] = ["logits" if name == old else name for name in node.output]
        node.input[:] = ["logits" if name == old else name for name in node.input]
    graph.graph.output[0].name = "logits"
    for value in (*graph.graph.input, *graph.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    contract = card.input
    properties = {
        "model_id": card.model_id,
        "labels": json.dumps([label.name for label in card.labels], ensure_ascii=False),
        "input": f"{contract.width}x{contract.height} {contract.color_order}, batch, height, width, channels; "
        f"(pixel - {contract.mean:g}) / {contract.std:g}",
        "output": f"{card.activation}; scores are softmax(logits / {card.temperature:g})",
        "float_sha256": str(card.details.get("float_sha256") or ""),
        "licence": str((card.details.get("dataset") or {}).get("licence", "")),
    }
    onnx.helper.set_model_props(graph, properties)
    onnx.checker.check_model(graph)
    content: bytes = graph.SerializeToString()
    return content


def _first(outputs: Any) -> NDArray[np.float32]:
    """The logits of one picture, also where the network has further outputs."""
    logits: NDArray[np.float32] = np.asarray(outputs[0] if isinstance(outputs, list | tuple) else outputs)[0]
    return logits
