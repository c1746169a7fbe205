"""TFLite with metadata: what the model expects and its labels inside the file, as MediaPipe and Android read them.

The format is a flatbuffer after `metadata_schema.fbs` (version 1.5.0, identifier `M001`) in a metadata block of the
model, and a zip archive of the files it names after the model's last byte. No maintained library writes it: the schema
is small, so it is written here field by field, by the numbers that the schema gives them.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import flatbuffers

from insect_converter.errors import ExportError
from insect_converter.exports import check, flatbuffer
from insect_edge.adapters.litert import LiteRtInterpreter

if TYPE_CHECKING:
    from insect_edge.card import ModelCard

BLOCK = "TFLITE_METADATA"
LABELS = "labels.txt"
_IDENTIFIER, _PARSER_VERSION = b"M001", "1.0.0"
_IMAGE, _FEATURE, _NORMALIZATION = 2, 1, 1
"""Of the unions `ContentProperties` and `ProcessUnitOptions`."""
_RGB, _GREY = 1, 2
"""Of `ColorSpaceType`."""
_TENSOR_AXIS_LABELS = 2
"""Of `AssociatedFileType`."""

Slots = dict[int, tuple[str, int]]
"""A table's fields by their number in the schema: how they are written, and what."""


def make(content: bytes, card: ModelCard) -> bytes:
    """The file: the integer model, calibrated scores behind its logits, metadata and labels.

    Args:
        content: of the bundle's `.tflite`.
        card: of the bundle.

    Raises:
        ExportError: when the model takes no bytes, colours in another order, or the file answers otherwise.
    """
    _refuse_unfit(content, card)
    model = flatbuffer.read(content)
    if card.activation == "logits":
        flatbuffer.add_scores(model, temperature=card.temperature)
    else:
        flatbuffer.keep_first_output(model)
    flatbuffer.add_metadata(model, name=BLOCK, content=describe(card))
    made = with_files(flatbuffer.write(model), {LABELS: "".join(f"{label.name}\n" for label in card.labels)})
    check.same_scores(made, content, card)
    return made


def describe(card: ModelCard) -> bytes:
    """The metadata flatbuffer of a card."""
    writer = _Writer()
    subgraph = writer.table(
        {
            2: writer.tables([_input(writer, card)]),
            3: writer.tables([_output(writer)]),
        }
    )
    dataset = card.details.get("dataset") or {}
    root = writer.table(
        {
            0: writer.text(card.model_id),
            1: writer.text(f"Insects: {', '.join(label.name for label in card.labels)}"),
            2: writer.text(str(card.details.get("created", ""))),
            3: writer.tables([subgraph]),
            5: writer.text(str(dataset.get("licence", ""))),
            7: writer.text(_PARSER_VERSION),
        }
    )
    return writer.finish(root)


def with_files(content: bytes, texts: dict[str, str]) -> bytes:
    """A model with files in a zip archive behind it, stored as they are: readers map them into memory."""
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        for name, text in texts.items():
            # A ZipInfo of its own has no time of day, so that the same model is the same file.
            archive.writestr(zipfile.ZipInfo(name), text.encode())
    return buffer.getvalue()


def _refuse_unfit(content: bytes, card: ModelCard) -> None:
    kind = LiteRtInterpreter(content, name=card.model_id).input.dtype
    if kind != "uint8":
        raise ExportError(
            f"{card.model_id}: its input is {kind}, MediaPipe and Android take uint8: export it from its run, anew"
        )
    if card.input.color_order == "bgr":
        raise ExportError(f"{card.model_id}: it wants its colours in the order bgr: the format has no word for that")


def _input(writer: _Writer, card: ModelCard) -> tuple[str, int]:
    contract = card.input
    size = writer.table({0: ("uint", contract.width), 1: ("uint", contract.height)})
    image = writer.table({0: ("byte", _GREY if contract.color_order == "grey" else _RGB), 1: size})
    scaling = writer.table({0: writer.floats([contract.mean]), 1: writer.floats([contract.std])})
    limits = [(value - contract.mean) / contract.std for value in (255, 0)]
    return writer.table(
        {
            0: writer.text("image"),
            1: writer.text(
                f"The picture, {contract.color_order}, its {contract.crop.replace('-', ' ')} reduced with antialiasing."
            ),
            3: writer.table({0: ("ubyte", _IMAGE), 1: image}),
            4: writer.tables([writer.table({0: ("ubyte", _NORMALIZATION), 1: scaling})]),
            5: writer.table({0: writer.floats(limits[:1]), 1: writer.floats(limits[1:])}),
        }
    )


def _output(writer: _Writer) -> tuple[str, int]:
    labels = writer.table(
        {0: writer.text(LABELS), 1: writer.text("One label a line."), 2: ("byte", _TENSOR_AXIS_LABELS)}
    )
    return writer.table(
        {
            0: writer.text("score"),
            1: writer.text("Calibrated score of each label; they sum to 1."),
            3: writer.table({0: ("ubyte", _FEATURE), 1: writer.table({})}),
            5: writer.table({0: writer.floats([1.0]), 1: writer.floats([0.0])}),
            6: writer.tables([labels]),
        }
    )


class _Writer:
    """Tables of a flatbuffer; whatever a table refers to is written before it."""

    def __init__(self) -> None:
        self._builder: Any = flatbuffers.Builder(1024)

    def text(self, value: str) -> tuple[str, int]:
        """A string."""
        return "offset", self._builder.CreateString(value)

    def floats(self, values: list[float]) -> tuple[str, int]:
        """A vector of numbers."""
        self._builder.StartVector(4, len(values), 4)
        for value in reversed(values):
            self._builder.PrependFloat32(value)
        return "offset", self._builder.EndVector()

    def tables(self, tables: list[tuple[str, int]]) -> tuple[str, int]:
        """A vector of tables."""
        self._builder.StartVector(4, len(tables), 4)
        for _, place in reversed(tables):
            self._builder.PrependUOffsetTRelative(place)
        return "offset", self._builder.EndVector()

    def table(self, slots: Slots) -> tuple[str, int]:
        """A table."""
        add = {
            "offset": self._builder.PrependUOffsetTRelativeSlot,
            "byte": self._builder.PrependInt8Slot,
            "ubyte": self._builder.PrependUint8Slot,
            "uint": self._builder.PrependUint32Slot,
        }
        self._builder.StartObject(max(slots, default=-1) + 1)
        for slot, (kind, value) in slots.items():
            add[kind](slot, value, 0)
        return "offset", self._builder.EndObject()

    def finish(self, root: tuple[str, int]) -> bytes:
        """The whole buffer."""
        self._builder.Finish(root[1], _IDENTIFIER)
        return bytes(self._builder.Output())
