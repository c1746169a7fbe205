"""`insect-converter export` of a bundle: the files that were asked for, or one line why not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter import cli, workflow
from insect_converter.exports import job, onnx_file, tflite_metadata
from insect_edge import model_bundle
from insect_edge.card import to_json
from support import tiny_model

if TYPE_CHECKING:
    from pathlib import Path

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle that takes bytes."""
    folder = tiny_model.write_bundle(tmp_path / "tiny-garden-v1")
    content = tiny_model.classifier_model("uint8")
    (folder / "model.tflite").write_bytes(content)
    (folder / "card.json").write_text(to_json(tiny_model.card(content)), encoding="utf-8")
    return folder


@pytest.fixture
def export(bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command beside the bundle: its exit code and standard error."""
    for module in ("tensorflow", "keras"):
        monkeypatch.setitem(sys.modules, module, None)

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.chdir(bundle.parent)
        monkeypatch.setattr(sys, "argv", ["insect-converter", "export", *arguments])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return int(left.value.code or 0), capsys.readouterr().err

    return run


@pytest.fixture
def _packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ONNX needs is there."""
    monkeypatch.setattr(onnx_file, "refuse_missing_packages", lambda: None)


def test_files_lie_in_the_bundle_and_do_it_no_harm(bundle: Path, export: Command) -> None:
    """What is verified of a bundle stays as it was; TensorFlow is not needed for these two."""
    code, said = export("tiny-garden-v1", "--tflite-metadata", "--c-header")
    assert code == 0
    names = ["tiny-garden-v1.h", "tiny-garden-v1.tflite"]
    assert sorted(path.name for path in (bundle / "exports").iterdir()) == names
    assert all(f"wrote tiny-garden-v1/exports/{name}" in said for name in names)
    opened = model_bundle.open_model(bundle)
    assert opened.card is not None
    made = (bundle / "exports" / "tiny-garden-v1.tflite").read_bytes()
    assert made == tflite_metadata.make(opened.content, opened.card)


def test_a_folder_can_be_named_and_nothing_is_overwritten(bundle: Path, export: Command) -> None:
    """Files come beside what is there; one that is there already stops the command before any work."""
    (bundle.parent / "out").mkdir()
    (bundle.parent / "out" / "mine.txt").touch()
    assert export("tiny-garden-v1", "--c-header", "--out", "out")[0] == 0
    before = (bundle.parent / "out" / "tiny-garden-v1.h").stat().st_mtime_ns
    code, said = export("tiny-garden-v1", "--c-header", "--tflite-metadata", "--out", "out")
    assert code == 1
    assert said.startswith("insect-converter: out/tiny-garden-v1.h: there is something already: take it away")
    assert (bundle.parent / "out" / "tiny-garden-v1.h").stat().st_mtime_ns == before
    assert sorted(path.name for path in (bundle.parent / "out").iterdir()) == ["mine.txt", "tiny-garden-v1.h"]


def test_one_that_fails_leaves_none_behind(bundle: Path, export: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """All files or nothing, not even the folder."""
    monkeypatch.setattr(job.c_header, "make", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    code, said = export("tiny-garden-v1", "--tflite-metadata", "--c-header")
    assert code == 1
    assert said.startswith("insect-converter: No space left on device")
    assert not (bundle / "exports").exists()


def test_a_full_disk_leaves_no_half_file(bundle: Path, export: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was begun is taken away again, and one line says why."""
    monkeypatch.setattr(
        job.Path, "write_bytes", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    code, said = export("tiny-garden-v1", "--c-header")
    assert code == 1
    line = "insect-converter: tiny-garden-v1/exports: cannot be written (No space left on device): make room"
    assert said.startswith(line)
    assert list((bundle / "exports").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--onnx",), "tiny-garden-v1: a bundle holds no float model, and this needs it: name the run"),
        (("--onnx", "--float", "float.tflite"), "float.tflite: ONNX is made from the Keras model: name the run"),
        (("--c-header", "--out", "/dev/null/x"), "/dev/null/x: cannot be written (Not a directory)"),
    ],
)
@pytest.mark.usefixtures("_packages")
def test_bad_input_is_one_line(bundle: Path, export: Command, arguments: tuple[str, ...], line: str) -> None:
    """Exit code 1, what and why, and no TensorFlow."""
    (bundle.parent / "float.tflite").write_bytes(tiny_model.classifier_model("float32"))
    code, said = export("tiny-garden-v1", *arguments)
    assert code == 1
    assert said.splitlines()[-1].startswith(f"insect-converter: {line}")
    assert not (bundle / "exports").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("tiny-garden-v1",), "is a bundle: say what to write, --tflite-metadata, --onnx or --c-header"),
        (("runs/a",), "a run becomes a bundle: name its folder with --out"),
        (("runs/a", "--out", "b", "--run", "runs/a"), "runs/a is a run and brings its float model"),
        (("tiny-garden-v1", "--onnx", "--run", "r", "--float", "f"), "--run and --float both name the float model"),
    ],
)
def test_wrong_usage_is_exit_code_2(export: Command, arguments: tuple[str, ...], line: str) -> None:
    """What contradicts itself is told before anything is read."""
    code, said = export(*arguments)
    assert code == 2
    assert line in said


def test_a_run_becomes_a_bundle_with_its_exports(
    bundle: Path, export: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundle is made first; further formats follow from the run's float model."""
    asked: list[Any] = []
    monkeypatch.setattr(workflow, "export", lambda run, **options: asked.append((str(run), str(options["out"]))))
    monkeypatch.setattr(job, "write", asked.append)
    monkeypatch.setattr(onnx_file, "refuse_missing_packages", lambda: asked.append("looked"))
    assert export("runs/a", "--out", str(bundle.parent / "new"), "--onnx", "--c-header")[0] == 0
    looked, made, options = asked
    assert looked == "looked"
    assert made == ("runs/a", str(bundle.parent / "new"))
    assert (options.bundle, options.out, options.force) == (bundle.parent / "new", None, False)
    assert (str(options.run), options.formats) == ("runs/a", {"onnx", "c-header"})
