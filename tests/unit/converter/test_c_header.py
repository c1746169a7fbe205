"""The C header compiles, lies aligned, and holds the model to the byte."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_converter.exports import c_header
from support import tiny_model

if TYPE_CHECKING:
    from pathlib import Path

    from insect_edge.card import ModelCard
    from insect_edge.domain import Label

CONTENT = tiny_model.classifier_model("uint8")
STRANGE = ('say "ant"', "back\\slash", "what??/", "käfer 瓢虫")
"""Labels that a careless writer would trip over."""

PROGRAM = """
#include <stdio.h>
#include "model.h"
int main(void) {
    printf("%d\\n", (int)((uintptr_t)NAME_data % 16));
    for (int i = 0; i < UPPER_LABEL_COUNT; ++i) printf("%s\\n", NAME_labels[i]);
    printf("%.7f %d %.4f\\n", UPPER_OUTPUT_SCALE, UPPER_OUTPUT_ZERO_POINT, UPPER_TEMPERATURE);
    fflush(stdout);
    fwrite(NAME_data, 1, NAME_length, stdout);
    return 0;
}
"""


def card(**changes: object) -> ModelCard:
    """A truthful card, but for the changes."""
    return replace(tiny_model.card(CONTENT, golden_vector=False), **changes)  # type: ignore[arg-type]  # by name


def strange_labels() -> tuple[Label, ...]:
    """As many labels as the model has."""
    return tuple(replace(label, name=name) for label, name in zip(tiny_model.labels(), STRANGE, strict=True))


@pytest.mark.parametrize(("compiler", "standard", "suffix"), [("cc", "c11", "c"), ("c++", "c++17", "cc")])
def test_it_compiles_and_holds_the_model(tmp_path: Path, compiler: str, standard: str, suffix: str) -> None:
    """As C and as C++, without a warning: aligned to 16, labels as they are, every byte of the model."""
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    details = {"dataset": {"licence": "tricky */ int x; /* and\nlong \\"}}
    text = c_header.make(CONTENT, card(model_id="tiny garden-v1", labels=strange_labels(), details=details))
    (tmp_path / "model.h").write_text(text, encoding="utf-8")
    program = PROGRAM.replace("NAME", "tiny_garden_v1").replace("UPPER", "TINY_GARDEN_V1")
    (tmp_path / f"main.{suffix}").write_text(program, encoding="utf-8")
    flags = [f"-std={standard}", "-pedantic", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([compiler, *flags, f"main.{suffix}", "-o", "main"], cwd=tmp_path, check=True)
    said = subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout
    aligned, *labels, numbers, content = said.split(b"\n", len(STRANGE) + 2)
    assert aligned == b"0"
    assert tuple(label.decode() for label in labels) == STRANGE
    assert numbers == b"0.0800000 133 1.5000"
    assert hashlib.sha256(content).digest() == hashlib.sha256(CONTENT).digest()


def test_it_says_how_to_feed_and_read_the_model() -> None:
    """The input contract, the way from bytes to scores and the model's hash stand at the top."""
    made = card()
    text = c_header.make(CONTENT, made)
    head = text.partition("*/")[0]
    assert made.sha256 is not None
    assert made.sha256 in head
    assert "reduced to 32 x 32 with antialiasing" in head
    assert "red, green, blue, uint8: value = round((pixel - 127.5) / 127.5 / INPUT_SCALE) + INPUT_ZERO_POINT" in head
    assert "4 values, uint8: score = softmax((value - OUTPUT_ZERO_POINT) * OUTPUT_SCALE / TEMPERATURE)" in head


@pytest.mark.parametrize(
    ("model_id", "name"),
    [("garden-pests-v1", "garden_pests_v1"), ("5 moths", "model_5_moths"), ("käfer", "k_fer"), ("_x", "model__x")],
)
def test_names_are_ones_that_c_takes(model_id: str, name: str) -> None:
    """Neither a leading digit nor a leading underscore, which C keeps for itself."""
    assert c_header.identifier(model_id) == name


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_literal_means_its_text(text: str) -> None:
    """Plain characters and octal triples, taken apart again, are the text's UTF-8."""
    literal = c_header.literal(text)
    assert literal.isascii()
    assert literal.isprintable()
    assert "??" not in literal
    assert literal[1:-1].encode().decode("unicode_escape").encode("latin-1") == text.encode()
