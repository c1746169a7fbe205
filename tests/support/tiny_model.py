"""Real `.tflite` classifiers of a few hundred bytes, written operator by operator, without TensorFlow.

The graph is the smallest that knows something: the mean colour of the picture, then one dense layer. It tells red,
green and blue animals apart and calls anything grey background, so a test can paint what it wants to see, and a
swapped colour order or a wrong zero point shows at once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import flatbuffers
import numpy as np
import pytest

from insect_edge import golden
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.card import Golden, InputContract, ModelCard, to_json
from insect_edge.classifier import Classifier
from insect_edge.domain import Label, Role, Taxon

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = 32
NAMES = ("background", "lily-beetle", "lacewing", "blue-butterfly")
ROLES = (Role.BACKGROUND, Role.PEST, Role.BENEFICIAL, Role.NEUTRAL)
TAXA = (None, Taxon(order="Coleoptera", family="Chrysomelidae", genus="Lilioceris"), Taxon(order="Neuroptera"), None)
THRESHOLDS = (0.5, 0.75, 0.5, 0.5)
PAINT = {
    "background": (128, 128, 128),
    "lily-beetle": (0, 0, 255),
    "lacewing": (0, 255, 0),
    "blue-butterfly": (255, 0, 0),
}
"""B, G, R of a picture of each label."""

_WEIGHTS = np.array([[0, 0, 0], [4, -2, -2], [-2, 4, -2], [-2, -2, 4]], np.float32)
"""(labels, channels R, G, B), for channels in [-1, 1]."""
_BIAS = np.array([2, 0, 0, 0], np.float32)
_SIDE_SCALE = (2 / 255, -1)
_UNSIGNED_SIDE_SCALE = (2 / 255, 127)
_WEIGHT_SCALE = 1 / 16
_LOGIT_SCALE = (0.08, 5)
_UNSIGNED_LOGIT_SCALE = (0.08, 133)
_SCORE_SCALE = (1 / 256, -128)
_UNSIGNED_SCORE_SCALE = (1 / 256, 0)


@dataclass
class Graph:
    """Collects tensors and operators, then writes them down."""

    schema: Any = field(
        default_factory=lambda: pytest.importorskip(
            "ai_edge_litert.schema_py_generated", reason="test models are written with ai-edge-litert's schema"
        )
    )
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    _tensors: list[Any] = field(default_factory=list)
    _operators: list[Any] = field(default_factory=list)
    _codes: list[int] = field(default_factory=list)
    _buffers: list[bytes] = field(default_factory=lambda: [b""])

    def tensor(
        self,
        shape: tuple[int, ...],
        dtype: str,
        *,
        quantization: tuple[float, int] | None = None,
        signature: tuple[int, ...] | None = None,
    ) -> int:
        """A tensor computed or fed at run time."""
        made = self.schema.TensorT()
        made.name = f"tensor{len(self._tensors)}"
        made.shape, made.shapeSignature = list(shape), list(signature) if signature else None
        made.type, made.buffer = getattr(self.schema.TensorType, dtype.upper()), 0
        if quantization is not None:
            made.quantization = self.schema.QuantizationParametersT()
            made.quantization.scale, made.quantization.zeroPoint = [quantization[0]], [quantization[1]]
        self._tensors.append(made)
        return len(self._tensors) - 1

    def constant(self, values: NDArray[Any], *, quantization: tuple[float, int] | None = None) -> int:
        """A tensor whose values are in the file."""
        index = self.tensor(values.shape, values.dtype.name, quantization=quantization)
        self._tensors[index].buffer = len(self._buffers)
        self._buffers.append(values.tobytes())
        return index

    def operator(self, name: str, inputs: list[int], output: int, *, options: Any = None) -> int:
        """An operator by its name in the schema; returns its output."""
        code = getattr(self.schema.BuiltinOperator, name)
        if code not in self._codes:
            self._codes.append(code)
        made = self.schema.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = self._codes.index(code), inputs, [output]
        if options is not None:
            made.builtinOptionsType = getattr(self.schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
            made.builtinOptions = options
        self._operators.append(made)
        return output

    def write(self) -> bytes:
        """The bytes of the `.tflite` file."""
        subgraph = self.schema.SubGraphT()
        subgraph.tensors, subgraph.operators = self._tensors, self._operators
        subgraph.inputs, subgraph.outputs = self.inputs, self.outputs
        model = self.schema.ModelT()
        model.version, model.subgraphs = 3, [subgraph]
        model.operatorCodes, model.buffers = [self._code(code) for code in self._codes], []
        for content in self._buffers:
            buffer = self.schema.BufferT()
            buffer.data = np.frombuffer(content, np.uint8) if content else None
            model.buffers.append(buffer)
        builder = flatbuffers.Builder(4096)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _code(self, code: int) -> Any:
        made = self.schema.OperatorCodeT()
        made.builtinCode, made.deprecatedBuiltinCode, made.version = code, min(code, 127), 1
        return made


def classifier_model(
    dtype: str = "int8", *, softmax: bool = False, channels: int = 3, signature: tuple[int, ...] | None = None
) -> bytes:
    """A classifier of pictures of `SIZE`, with input and output of `uint8`, `int8` or `float32`."""
    graph = Graph()
    inner = "float32" if dtype == "float32" else "int8"
    side, unsigned = (None, None) if inner == "float32" else (_SIDE_SCALE, _UNSIGNED_SIDE_SCALE)
    shape = (1, SIZE, SIZE, channels)
    here = graph.tensor(shape, dtype, quantization=unsigned if dtype == "uint8" else side, signature=signature)
    graph.inputs = [here]
    if dtype == "uint8":
        here = graph.operator("QUANTIZE", [here], graph.tensor(shape, inner, quantization=side))
    here = _mean(graph, here, graph.tensor((1, channels), inner, quantization=side))
    here = _dense(graph, here, inner, channels=channels)
    outer = _UNSIGNED_LOGIT_SCALE
    if softmax:
        options = graph.schema.SoftmaxOptionsT()
        options.beta = 1.0
        scores = graph.tensor((1, len(NAMES)), inner, quantization=_SCORE_SCALE if side else None)
        here, outer = graph.operator("SOFTMAX", [here], scores, options=options), _UNSIGNED_SCORE_SCALE
    if dtype == "uint8":
        here = graph.operator("QUANTIZE", [here], graph.tensor((1, len(NAMES)), dtype, quantization=outer))
    graph.outputs = [here]
    return graph.write()


def _mean(graph: Graph, source: int, output: int) -> int:
    options = graph.schema.ReducerOptionsT()
    options.keepDims = False
    return graph.operator("MEAN", [source, graph.constant(np.array([1, 2], np.int32))], output, options=options)


def _dense(graph: Graph, source: int, dtype: str, *, channels: int) -> int:
    options = graph.schema.FullyConnectedOptionsT()
    weights = _WEIGHTS[:, :channels]
    if dtype == "float32":
        constants = [graph.constant(weights), graph.constant(_BIAS)]
        logits = graph.tensor((1, len(NAMES)), dtype)
    else:
        step = _SIDE_SCALE[0] * _WEIGHT_SCALE
        constants = [
            graph.constant((weights / _WEIGHT_SCALE).astype(np.int8), quantization=(_WEIGHT_SCALE, 0)),
            graph.constant(np.rint(_BIAS / step).astype(np.int32), quantization=(step, 0)),
        ]
        logits = graph.tensor((1, len(NAMES)), dtype, quantization=_LOGIT_SCALE)
    return graph.operator("FULLY_CONNECTED", [source, *constants], logits, options=options)


def two_inputs() -> bytes:
    """A model that adds two pictures: no classifier."""
    graph = Graph()
    graph.inputs = [graph.tensor((1, SIZE, SIZE, 3), "float32") for _ in range(2)]
    total = graph.tensor((1, SIZE, SIZE, 3), "float32")
    graph.outputs = [graph.operator("ADD", list(graph.inputs), total, options=graph.schema.AddOptionsT())]
    return graph.write()


def one_operator(
    name: str = "RELU",
    *,
    shape: tuple[int, ...] = (1, SIZE, SIZE, 3),
    dtype: str = "float32",
    result: tuple[int, ...] | None = None,
    result_dtype: str | None = None,
    options: Any = None,
) -> bytes:
    """A model of a single operator without constants."""
    graph = Graph()
    graph.inputs = [graph.tensor(shape, dtype)]
    output = graph.tensor(result or shape, result_dtype or dtype)
    graph.outputs = [graph.operator(name, list(graph.inputs), output, options=options)]
    return graph.write()


def picture(name: str, *, width: int = 48, height: int = 48) -> NDArray[np.uint8]:
    """A picture of one label, (height, width, 3) uint8 in B, G, R order."""
    return np.full((height, width, 3), PAINT[name], np.uint8)


def labels() -> tuple[Label, ...]:
    """The labels of the classifier, as a card has them."""
    facts = zip(NAMES, ROLES, TAXA, THRESHOLDS, strict=True)
    return tuple(
        Label(index=index, name=name, role=role, taxon=taxon, threshold=threshold)
        for index, (name, role, taxon, threshold) in enumerate(facts)
    )


def card(content: bytes, *, golden_vector: bool = True) -> ModelCard:
    """A truthful card for the bytes of `classifier_model`."""
    made = ModelCard(
        model_id="tiny-garden-v1",
        labels=labels(),
        input=InputContract(width=SIZE, height=SIZE),
        activation="logits",
        temperature=1.5,
        sha256=hashlib.sha256(content).hexdigest(),
        details={"created": "2026-01-01T00:00:00Z", "dataset": {"licence": "none: painted by the tests"}},
    )
    if not golden_vector:
        return made
    drawn = golden.draw(seed=6, width=320, height=240)  # one in which red wins
    classifier = Classifier(LiteRtInterpreter(content, name="tiny"), made)
    best = classifier.classify_pixels(drawn).categories[0]
    vector = Golden(seed=6, width=320, height=240, index=best.label.index, score=round(best.score, 4))
    return replace(made, golden=vector)


def write_bundle(folder: Path) -> Path:
    """A whole, valid bundle."""
    content = classifier_model()
    folder.mkdir()
    (folder / "model.tflite").write_bytes(content)
    (folder / "labels.txt").write_text("".join(f"{name}\n" for name in NAMES), encoding="utf-8")
    (folder / "card.json").write_text(to_json(card(content)), encoding="utf-8")
    return folder


def write_bare(path: Path, *, dtype: str = "int8", softmax: bool = False) -> Path:
    """A bare model with `labels.txt` beside it."""
    path.write_bytes(classifier_model(dtype, softmax=softmax))
    path.with_name("labels.txt").write_text("\n".join(NAMES), encoding="utf-8")
    return path
