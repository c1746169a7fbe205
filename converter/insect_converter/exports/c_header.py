"""The integer model as an array in a C header, for programs without a file system: TFLite Micro and its like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from insect_edge.adapters.litert import LiteRtInterpreter

if TYPE_CHECKING:
    from insect_edge.card import ModelCard
    from insect_edge.tensors import TensorSpec

ALIGNMENT = 16
"""Bytes: TFLite reads constants in place, and its schema aligns them to so many."""
_PER_LINE = 24


def make(content: bytes, card: ModelCard) -> str:
    """The text of the header: the bytes of the bundle's `.tflite`, its labels, and how to feed and read it.

    Args:
        content: of the bundle's `.tflite`.
        card: of the bundle.
    """
    interpreter = LiteRtInterpreter(content, name=card.model_id)
    name = identifier(card.model_id)
    upper = name.upper()
    labels = ",\n".join(f"    {literal(label.name)}" for label in card.labels)
    return (
        f"{_comment(card, interpreter)}\n"
        f"#ifndef {upper}_H\n#define {upper}_H\n\n"
        "#include <stdint.h>\n\n"
        f"#ifdef __cplusplus\n#define {upper}_ALIGNED alignas({ALIGNMENT})\n"
        f"#else\n#define {upper}_ALIGNED _Alignas({ALIGNMENT})\n#endif\n\n"
        f"{_numbers(upper, card, interpreter)}\n"
        f"static const char *const {name}_labels[{upper}_LABEL_COUNT] = {{\n{labels}\n}};\n\n"
        f"static const uint32_t {name}_length = {len(content)}u;\n\n"
        f"{upper}_ALIGNED static const uint8_t {name}_data[{len(content)}] = {{\n{_bytes(content)}}};\n\n"
        f"#endif\n"
    )


def identifier(model_id: str) -> str:
    """A name that C takes: `garden-pests-v1` is `garden_pests_v1`."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", model_id)
    return name if name[:1].isalpha() else f"model_{name}"


def literal(text: str) -> str:
    """A string literal: what is not plain as three octal digits, which, unlike hex ones, end by themselves."""
    plain = {byte: chr(byte) for byte in range(32, 127) if chr(byte) not in '"\\?'}
    return '"' + "".join(plain.get(byte, f"\\{byte:03o}") for byte in text.encode()) + '"'


def _comment(card: ModelCard, interpreter: LiteRtInterpreter) -> str:
    contract = card.input
    dataset = card.details.get("dataset") or {}
    order = {"rgb": "red, green, blue", "bgr": "blue, green, red", "grey": "grey"}[contract.color_order]
    lines = [
        f"{card.model_id}: fully integer TFLite, sha256 {card.sha256}",
        f"Licence: {dataset.get('licence', 'not stated')}",
        "",
        f"Input: the {contract.crop.replace('-', ' ')} of the picture,",
        f"reduced to {contract.width} x {contract.height} with antialiasing,",
        f"rows from the top, {order}, {interpreter.input.dtype}: {_feeding(card, interpreter.input)}.",
        f"Output: {len(card.labels)} values, {interpreter.output.dtype}: {_reading(card)}.",
        "",
        "The array is in every file that includes this header: include it in one.",
    ]
    return "/*\n" + "".join(f" * {line}".rstrip() + "\n" for line in map(_harmless, lines)) + " */"


def _feeding(card: ModelCard, spec: TensorSpec) -> str:
    contract = card.input
    real = f"(pixel - {contract.mean:g}) / {contract.std:g}"
    return f"value = round({real} / INPUT_SCALE) + INPUT_ZERO_POINT" if spec.scale else f"value = {real}"


def _reading(card: ModelCard) -> str:
    real = "(value - OUTPUT_ZERO_POINT) * OUTPUT_SCALE"
    return f"score = softmax({real} / TEMPERATURE)" if card.activation == "logits" else f"score = {real}"


def _numbers(upper: str, card: ModelCard, interpreter: LiteRtInterpreter) -> str:
    numbers = {
        "INPUT_WIDTH": card.input.width,
        "INPUT_HEIGHT": card.input.height,
        "INPUT_CHANNELS": card.input.channels,
        "INPUT_SCALE": _float(interpreter.input.scale),
        "INPUT_ZERO_POINT": interpreter.input.zero_point,
        "OUTPUT_SCALE": _float(interpreter.output.scale),
        "OUTPUT_ZERO_POINT": interpreter.output.zero_point,
        "TEMPERATURE": _float(card.temperature),
        "LABEL_COUNT": len(card.labels),
    }
    return "".join(f"#define {upper}_{key} {value}\n" for key, value in numbers.items())


def _float(value: float) -> str:
    text = f"{value:.9g}"
    return f"{text}f" if any(sign in text for sign in ".e") else f"{text}.0f"


def _harmless(line: str) -> str:
    """A line that neither ends the comment nor the line."""
    return " ".join(line.replace("*/", "* /").replace("/*", "/ *").splitlines()).rstrip("\\")


def _bytes(content: bytes) -> str:
    starts = range(0, len(content), _PER_LINE)
    return "".join(f"    {','.join(map(str, content[start : start + _PER_LINE]))},\n" for start in starts)
