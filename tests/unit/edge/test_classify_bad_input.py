"""`insect-edge classify` with what it cannot use: one clear line and an exit code, never a traceback."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_edge.adapters.picture_writer import write_picture
from support import tiny_model
from support.command_line import PROGRAM, Outcome, caller, process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The current folder, with the bundle `model` and the picture `good.png`."""
    monkeypatch.chdir(tmp_path)
    tiny_model.write_bundle(tmp_path / "model")
    write_picture(tmp_path / "good.png", tiny_model.picture("lacewing"))
    return tmp_path


@pytest.fixture
def call(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """`insect-edge classify` inside this process, in that folder."""
    assert folder.is_dir()
    run = caller(monkeypatch, capsys)
    return lambda *arguments, **options: run("classify", *arguments, **options)


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file with its checksum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def huge_png(side: int) -> bytes:
    """A whole, valid PNG of black and white pixels, small as a file."""
    squeeze = zlib.compressobj(1)
    row = bytes(1 + (side + 7) // 8)
    data = b"".join([*(squeeze.compress(row) for _ in range(side)), squeeze.flush()])
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def write_bad_pictures(folder: Path) -> None:
    """The usual accidents."""
    (folder / "folder").mkdir()
    (folder / "empty.png").touch()
    (folder / "text.png").write_text("These are notes about a moth.\n")
    noise = np.random.default_rng(3).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    write_picture(folder / "whole.jpg", noise)
    whole = (folder / "whole.jpg").read_bytes()
    (folder / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "header.png").write_bytes(huge_png(30_000)[:33])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.png", "missing.png: no such file: check the name"),
        ("folder", "folder is a folder: give pictures, for instance folder/*.jpg"),
        ("empty.png", "empty.png: the file is empty: copy it again"),
        ("text.png", "text.png: not a picture that can be read: "),
        ("truncated.jpg", "truncated.jpg: truncated: the JPEG data ends early after "),
        ("header.png", "header.png: 30000x30000 is 900 megapixels, over the limit of 128: make it smaller"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_bad_picture_is_one_line(call: Callable[..., Outcome], tmp_path: Path, name: str, reason: str) -> None:
    """Alone it ends with 1 and its reason; among good ones, those are still classified."""
    write_bad_pictures(tmp_path)
    alone = call("--model", "model", name)
    assert reason in alone.error
    assert alone.out == ""
    among = call("--model", "model", "--json", "good.png", name, "good.png")
    assert reason in among.error
    assert len(among.out.splitlines()) == 2


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_a_bad_picture_on_standard_input_is_one_line(call: Callable[..., Outcome], content: bytes) -> None:
    """What comes through the pipe is judged like a file."""
    assert call("--model", "model", "-", stdin=content).error.startswith("standard input: ")


def test_a_closed_standard_input_is_one_line(folder: Path) -> None:
    """A process started without standard input says so."""
    shell = ("bash", "-c", '"$@" <&-', "bash", *PROGRAM)
    outcome = process("classify", "--model", "model", "-", program=shell, cwd=folder)
    assert outcome.error == "standard input is closed: pipe a picture into it"


def test_a_gigantic_picture_takes_no_memory(folder: Path) -> None:
    """A valid picture of 30,000 x 30,000 is refused by its header: the process stays as small as without it."""
    (folder / "huge.png").write_bytes(huge_png(30_000))
    peaks = {name: peak_memory(folder, name) for name in ("missing.png", "huge.png")}
    assert peaks["huge.png"] < peaks["missing.png"] + (64 << 20)


def peak_memory(folder: Path, picture: str) -> int:
    """Bytes of memory a failing call took at most."""
    process = subprocess.Popen(
        [*PROGRAM, "classify", "--model", "model", picture], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    with process:
        assert process.stderr is not None
        error = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 1
    assert error.count("\n") == 1
    assert picture in error
    return usage.ru_maxrss * 1024


def break_hash(folder: Path) -> None:
    """Turn one bit of the model around."""
    content = bytearray((folder / "model.tflite").read_bytes())
    content[-1] ^= 1
    (folder / "model.tflite").write_bytes(content)


def break_labels(folder: Path) -> None:
    """Swap two labels."""
    (folder / "labels.txt").write_text("background\nlacewing\nlily-beetle\nblue-butterfly\n")


def break_card(folder: Path) -> None:
    """Expect another animal."""
    card = json.loads((folder / "card.json").read_text())
    card["golden"]["index"] = 2
    (folder / "card.json").write_text(json.dumps(card))


def remove_card(folder: Path) -> None:
    """Leave the card out."""
    (folder / "card.json").unlink()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (break_hash, r"model: sha256 is .{12}…, the card says .{12}…: copy the bundle again"),
        (break_labels, r"model: labels.txt and card.json name different labels: copy the bundle again"),
        (break_card, r"tiny-garden-v1: the golden vector gave lily-beetle .*, the card says lacewing .*"),
        (remove_card, r"model/card.json: no such file: check the path"),
    ],
)
def test_a_bundle_that_does_not_verify_is_one_line(
    call: Callable[..., Outcome], tmp_path: Path, damage: Callable[[Path], None], reason: str
) -> None:
    """A damaged bundle is refused before any picture is looked at."""
    damage(tmp_path / "model")
    outcome = call("--model", "model", "good.png", "good.png")
    assert re.fullmatch(reason, outcome.error)
    assert outcome.out == ""


def write_bad_models(folder: Path) -> None:
    """Files that are no usable classifier."""
    labels = "".join(f"{name}\n" for name in tiny_model.NAMES)
    (folder / "labels.txt").write_text(labels)
    (folder / "three.txt").write_text("a\nb\nc\n")
    content = tiny_model.classifier_model()
    (folder / "good.tflite").write_bytes(content)
    (folder / "half.tflite").write_bytes(content[: len(content) // 2])
    (folder / "page.tflite").write_text("<html>404 not found</html>")
    (folder / "picture.tflite").write_bytes(tiny_model.one_operator())
    (folder / "two.tflite").write_bytes(tiny_model.two_inputs())
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "alone.tflite").write_bytes(content)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--model", "missing.tflite"], "missing.tflite: no such file: check the path"),
        (["--model", "elsewhere"], "elsewhere/card.json: no such file: check the path"),
        (["--model", "x" * 300], "cannot be read (File name too long)"),
        (["--model", "page.tflite"], "page.tflite: not a TFLite model: name a .tflite file or a bundle folder"),
        (["--model", "half.tflite"], "half: the runtime refuses it ("),
        (["--model", "picture.tflite"], "picture: input (1, 32, 32, 3), output (1, 32, 32, 3): no classifier"),
        (["--model", "two.tflite"], "two: 2 inputs and 1 outputs: no classifier"),
        (["--model", "elsewhere/alone.tflite"], "alone: a bare .tflite needs its labels: name their file with"),
        (["--model", "good.tflite", "--labels", "three.txt"], "good: 3 labels for 4 outputs: use the label file"),
        (["--model", "good.tflite", "--labels", "missing.txt"], "missing.txt: no such file"),
        (["--model", "good.tflite", "--labels", "elsewhere"], "elsewhere: a folder, where a file is wanted"),
        (["--model", "good.tflite", "--labels", "good.png"], "good.png: not UTF-8 text"),
        (["--model", "model", "--labels", "labels.txt"], "model: a bundle brings its own labels"),
    ],
)
def test_a_bad_model_is_one_line(
    call: Callable[..., Outcome], tmp_path: Path, arguments: list[str], reason: str
) -> None:
    """Whatever is wrong with model or labels, it is told once, however many pictures were named."""
    write_bad_models(tmp_path)
    outcome = call("good.png", "good.png", *arguments)
    assert reason in outcome.error
    assert outcome.out == ""


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        ("seen.gif", "seen.gif: cannot write this kind of picture: name it seen.png"),
        ("nowhere/seen.png", "nowhere/seen.png: cannot be written (No such file or directory)"),
        ("x" * 300 + ".png", "(File name too long)"),
        ("good.png/seen.png", "good.png/seen.png: cannot be written (Not a directory)"),
    ],
)
def test_an_annotation_that_cannot_be_written_is_one_line(call: Callable[..., Outcome], out: str, reason: str) -> None:
    """A wrong suffix or place for the annotated picture is told."""
    assert reason in call("--model", "model", "good.png", "--annotate", out).error


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "Error: Missing argument 'IMAGE...'."),
        (["good.png", "--nonsense"], "Error: No such option '--nonsense'."),
        (["good.png", "--top", "0"], "Error: Invalid value for '--top': 0 is not in the range x>=1."),
        (["good.png", "--top", "many"], "Error: Invalid value for '--top': 'many' is not a valid integer range."),
        (["good.png", "--threads", "0"], "Error: Invalid value for '--threads': 0 is not in the range 1<=x<=64."),
        (["good.png", "--threads", "100000"], "Error: Invalid value for '--threads': 100000 is not in the range"),
        (["good.png", "good.png", "--annotate", "good.png"], "with 2 pictures it must be a folder"),
        (["good.png", "--annotate", "good.png"], "good.png is one of the pictures: name another file or folder"),
        (["good.png", "--annotate", "."], "good.png is one of the pictures: name another file or folder"),
        (["good.png", "model/../good.png", "a.png", "--annotate", "."], "is one of the pictures"),
    ],
)
def test_a_wrong_call_is_a_usage_error(
    call: Callable[..., Outcome], tmp_path: Path, arguments: list[str], reason: str
) -> None:
    """Exit code 2 and what is wrong; no picture is ever written over."""
    before = (tmp_path / "good.png").read_bytes()
    (tmp_path / "a.png").symlink_to("good.png")
    assert reason in call("--model", "model", *arguments).usage_error
    assert (tmp_path / "good.png").read_bytes() == before


def test_a_full_disk_behind_the_answer_is_one_line(folder: Path) -> None:
    """Standard output that takes nothing more is told, without a word from the interpreter's end."""
    shell = ("bash", "-c", '"$@" > /dev/full', "bash", *PROGRAM)
    outcome = process("classify", "--model", "model", "good.png", program=shell, cwd=folder)
    assert outcome.error == "the answer cannot be written (No space left on device): make room"


def test_a_loop_of_links_is_one_line(call: Callable[..., Outcome], tmp_path: Path) -> None:
    """A link to itself is no picture, no model and no place for one."""
    (tmp_path / "loop.png").symlink_to("loop.png")
    reason = "Too many levels of symbolic links"
    assert reason in call("--model", "model", "loop.png", "--annotate", "seen.png").error
    assert reason in call("--model", "loop.png", "good.png").error
