"""What is tried out in a process of its own, here in this one."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

from insect_edge.composition import trial
from insect_edge.config.parse import parse_config
from support import tiny_model


def needs(text: str) -> tuple[str, Path | None]:
    """The kind of device and the device file of a configuration with this text."""
    config = parse_config(text.encode(), name="trap.toml", folder=Path("/etc"))
    return trial.needs_device(config), trial.device_file(config)


@pytest.mark.parametrize(
    ("device", "kind", "file"),
    [
        ("7", "opencv", Path("/dev/video7")),
        ('"/dev/null"', "opencv", Path("/dev/null")),
        ('"HD Webcam"', "opencv", None),
        ('"rtsp://shed/1"', "address", None),
        ('"night.mp4"', "file", None),
    ],
)
def test_only_a_local_camera_needs_a_device(device: str, kind: str, file: Path | None) -> None:
    """Streams and files need none, and of a name the camera itself finds the device."""
    assert needs(f'camera.source = "opencv"\ncamera.opencv.device = {device}') == (kind, file)


def test_other_sources_are_told_by_their_name() -> None:
    """Whatever is written in the section of another one."""
    assert needs('camera.source = "simulated"') == ("simulated", None)
    assert needs("") == ("picamera2", None)


def test_a_link_to_a_device_is_followed(tmp_path: Path) -> None:
    """A camera may be named by its path or by its serial number."""
    (tmp_path / "by-id").symlink_to("/dev/null")
    text = f'camera.source = "opencv"\ncamera.opencv.device = "/dev/../{tmp_path}/by-id"'
    assert needs(text)[1] == Path("/dev/null")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    """The answer on the last line."""
    trial.main(list(arguments))
    answer: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return answer


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """Of a device that looks at two pictures with a small model."""
    tiny_model.write_bundle(tmp_path / "model")
    for number, name in enumerate(("lacewing", "lily-beetle")):
        assert cv2.imwrite(str(tmp_path / f"{number}.png"), tiny_model.picture(name))
    text = '[camera]\nsource = "files"\nfiles.path = ["0.png", "1.png"]\n[model]\npath = "model"\n'
    (tmp_path / "trap.toml").write_text(text, encoding="utf-8")
    return tmp_path / "trap.toml"


def test_a_model_is_measured(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After its golden vector came out."""
    answer = told(capsys, "model", str(configuration), "3")
    assert (answer["model_id"], answer["golden"], answer["inferences"]) == ("tiny-garden-v1", True, 3)
    assert answer["operators"]


def test_what_is_wrong_is_an_answer_too(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Our own errors are told in their own words."""
    (configuration.parent / "model" / "labels.txt").unlink()
    for what in (["model", str(configuration), "3"], ["bundle", str(configuration.parent / "model"), "", ""]):
        assert "labels.txt: no such file" in str(told(capsys, *what)["error"])


def test_a_picture_is_taken_and_kept(configuration: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first of a folder, for it is not live."""
    frame = configuration.parent / "frame.png"
    answer = told(capsys, "camera", str(configuration), str(frame))
    assert (answer["width"], answer["live"], answer["saved"], answer["spread"] != 0) == (48, False, str(frame), True)
    assert (cv2.imread(str(frame)) == tiny_model.picture("lacewing")).all()


def test_a_bundle_is_held_against_the_labels_only_where_that_is_asked(
    configuration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To be kept it need not fit this configuration, to be used it must."""
    with configuration.open("a", encoding="utf-8") as file:
        file.write('[policy.roles]\nwasp = "pest"\n')
    model = str(configuration.parent / "model")
    assert told(capsys, "bundle", model, str(configuration), "")["model_id"] == "tiny-garden-v1"
    assert "wasp" in str(told(capsys, "bundle", model, str(configuration), "fits")["error"])


def test_libraries_tell_their_version(capsys: pytest.CaptureFixture[str]) -> None:
    """By the package they came with, or else by what they say themselves."""
    for module in ("cv2", "numpy", "paho.mqtt.client"):
        trial.main(["import", module])
        assert capsys.readouterr().out[0].isdigit()
    trial.main(["import", "json"])
    assert capsys.readouterr().out == "2.0.9\n"
