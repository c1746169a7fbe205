"""A bundle is there whole or not at all, verified, and never in the place of something else."""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from insect_converter import bundle
from insect_edge import model_bundle
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.card import Golden
from insect_edge.classifier import Classifier
from insect_edge.domain import Role
from insect_edge.errors import ModelError
from support import tiny_model

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = tiny_model.classifier_model()


def write(folder: Path, *, content: bytes = CONTENT, names: tuple[str, ...] = tiny_model.NAMES) -> None:
    """Write the tiny model's bundle, with other bytes or label names."""
    card = replace(tiny_model.card(CONTENT), sha256=None)
    labels = tuple(replace(label, name=name) for label, name in zip(card.labels, names, strict=True))
    bundle.write(folder, content=content, card=replace(card, labels=labels), extra={"report.txt": "good\n"})


def test_what_is_written_verifies(tmp_path: Path) -> None:
    """The bundle opens, carries the hash of its model, its labels and the extra files, and is readable by all."""
    folder = tmp_path / "models" / "tiny-v1"
    write(folder)
    opened = model_bundle.open_model(folder)
    assert opened.content == CONTENT
    assert opened.card is not None
    assert opened.card.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert opened.labels == tiny_model.NAMES
    assert (folder / "report.txt").read_text() == "good\n"
    assert sorted(path.name for path in folder.iterdir()) == ["card.json", "labels.txt", "model.tflite", "report.txt"]
    assert folder.stat().st_mode & 0o555 == 0o555
    assert [path.name for path in folder.parent.iterdir()] == ["tiny-v1"]


@pytest.mark.parametrize("kind", ["folder", "empty folder", "file", "dangling link"])
def test_nothing_is_ever_overwritten(tmp_path: Path, kind: str) -> None:
    """Whatever is at that place stays as it is, and the message names it."""
    folder = tmp_path / "tiny-v1"
    if kind == "dangling link":
        folder.symlink_to(tmp_path / "nowhere")
    elif kind == "file":
        folder.write_text("mine")
    else:
        folder.mkdir()
        if kind == "folder":
            (folder / "mine").touch()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ModelError, match="tiny-v1: there is something already: a bundle never overwrites, name a new"):
        write(folder)
    with pytest.raises(ModelError, match="there is something already"):
        bundle.check_place(folder)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_bundle_made_meanwhile_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something that appears between the check and the last step stays, and is told."""
    folder = tmp_path / "tiny-v1"
    verify = bundle._verify

    def verify_slowly(path: Path) -> None:
        verify(path)
        folder.mkdir()
        (folder / "mine").touch()

    monkeypatch.setattr(bundle, "_verify", verify_slowly)
    with pytest.raises(ModelError, match="tiny-v1: the bundle cannot be written"):
        write(folder)
    assert list(tmp_path.rglob("*")) == [folder, folder / "mine"]


def test_what_does_not_verify_is_not_put_in_place(tmp_path: Path) -> None:
    """A model that is none, or does not answer as its golden vector says, leaves nothing behind."""
    with pytest.raises(ModelError, match="the runtime refuses it"):
        write(tmp_path / "tiny-v1", content=b"\0\0\0\0TFL3 rubbish" * 10)
    card = tiny_model.card(CONTENT)
    wrong = replace(card, golden=Golden(seed=1, width=320, height=240, index=0, score=0.0001, tolerance=0.01))
    with pytest.raises(ModelError, match="golden vector"):
        bundle.write(tmp_path / "tiny-v1", content=CONTENT, card=wrong, extra={})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("check", [write, bundle.check_place])
def test_a_place_that_takes_no_files_is_one_clear_line(tmp_path: Path, check: object) -> None:
    """A file where the parent folder should be is told before and at writing."""
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match=r"v1: the bundle cannot be written \(.*\): make room or name") as caught:
        check(tmp_path / "file" / "models" / "v1")  # type: ignore[operator]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("call", [1, 3, 5])
def test_a_full_disk_leaves_no_half_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    """Whichever file meets the full disk: one clear line, and nothing is left, neither bundle nor scratch."""
    calls: list[int] = []
    fsync = os.fsync

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ModelError, match=r"v1: the bundle cannot be written \(No space left on device\): make room"):
        write(tmp_path / "v1")
    assert len(calls) == call
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_no_half_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while verifying leaves nothing behind."""

    def interrupted(_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bundle, "_verify", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "v1")
    assert list(tmp_path.iterdir()) == []


def test_a_good_place_stays_empty(tmp_path: Path) -> None:
    """Checking makes the parent folder and nothing else."""
    bundle.check_place(tmp_path / "models" / "v1")
    assert list(tmp_path.rglob("*")) == [tmp_path / "models"]


@pytest.mark.parametrize(
    "names",
    [("background", "ant", "moth", "bee"), ("0 ants", "1 bees", "2 moths", "3 wasps"), ("7, a", "7: b", "8 c", "9 d")],
)
def test_every_name_comes_back(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Also labels that all begin with a number, which a label file would take for a numbered list."""
    write(tmp_path / "v1", names=names)
    assert model_bundle.open_model(tmp_path / "v1").labels == names


def classifier(content: bytes, **changes: object) -> Classifier:
    """The tiny model, with some things of its card changed."""
    card = replace(tiny_model.card(content, golden_vector=False), **changes)
    return Classifier(LiteRtInterpreter(content, name="tiny"), card)


def test_the_golden_vector_is_steady_and_no_background() -> None:
    """The chosen picture gets an insect's label from both renderings, with nearly the same score."""
    integer, floating = classifier(CONTENT), classifier(tiny_model.classifier_model("float32"))
    golden = bundle.choose_golden(integer, floating)
    assert integer.card.labels[golden.index].role is not Role.BACKGROUND
    assert 0 < golden.score <= 1
    checked = replace(integer.card, golden=golden)
    Classifier(integer.interpreter, checked)
    Classifier(floating.interpreter, checked)


def test_a_golden_vector_is_found_where_all_is_background() -> None:
    """A model that knows nothing but background still gets a vector it answers rightly."""
    labels = tuple(replace(label, role=Role.BACKGROUND) for label in tiny_model.labels())
    integer = classifier(CONTENT, labels=labels)
    golden = bundle.choose_golden(integer, classifier(tiny_model.classifier_model("float32"), labels=labels))
    Classifier(integer.interpreter, replace(integer.card, golden=golden))
