"""What may crash or hang, tried out in a process of its own: `python -m insect_edge.composition.trial WHAT …`.

The answer is one JSON object on the last line of standard output; what we know how to tell is in its `error`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from insect_edge.errors import InsectEdgeError
from insect_edge.video_source import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.config.sections import Config
    from insect_edge.domain import Frame
    from insect_edge.protocols import Camera

MODULE = "insect_edge.composition.trial"
FIRST_FRAME_SECONDS = 15.0
"""A network stream takes its time."""
_SETTLING_FRAMES = 5
"""The exposure of most cameras has found its way by then."""


def import_library(module: str) -> str:
    """Import a module, use it a little where that is when it breaks, and return its version."""
    found = importlib.import_module(module)
    if module == "cv2":
        # OpenCV and numpy meet only when pixels go from one to the other.
        import numpy as np  # noqa: PLC0415 # it is on trial

        found.resize(np.zeros((8, 8, 3), np.uint8), (4, 4))
    names = {"cv2": "opencv-python-headless", "paho.mqtt.client": "paho-mqtt", "pydantic_core": "pydantic"}
    names |= {"ai_edge_litert.interpreter": "ai-edge-litert", "tflite_runtime.interpreter": "tflite-runtime"}
    try:
        return importlib.metadata.version(names.get(module, module))
    except importlib.metadata.PackageNotFoundError:  # built by hand, or packaged otherwise
        return str(getattr(found, "__version__", "?"))


def try_model(config_path: str, count: str) -> dict[str, Any]:
    """Load the configured model, golden vector and all, and measure `count` inferences."""
    from insect_edge import golden  # noqa: PLC0415 # this and the next: only once they are on trial
    from insect_edge.adapters.litert import LiteRtInterpreter  # noqa: PLC0415
    from insect_edge.composition.model import make_classifier  # noqa: PLC0415
    from insect_edge.composition.models import chosen_model  # noqa: PLC0415
    from insect_edge.stages import Timings  # noqa: PLC0415

    config = _config(config_path)
    chosen = chosen_model(config)
    classifier = make_classifier(config, name=Path(config_path).name or "configuration")
    picture = golden.draw(seed=1, width=1280, height=720)
    classifier.classify_pixels(picture)
    took = [classifier.classify_pixels(picture).inference_ms for _ in range(int(count))]
    timings = Timings.of(took)
    card, interpreter = classifier.own_card, classifier.interpreter
    taken, operators = interpreter.taken if isinstance(interpreter, LiteRtInterpreter) else (0, 0)
    return {
        "model_id": card.model_id,
        "path": str(chosen.path),
        "sha256": card.sha256,
        "labels": len(card.labels),
        "golden": card.golden is not None,
        "signed": chosen.signed,
        "given_up": _given_up(config),
        "runtime": interpreter.runtime,
        "delegate": interpreter.delegate,
        "taken": taken,
        "operators": operators,
        "inferences": len(took),
        "inference_ms": timings.median_ms,
        "inference_p95_ms": timings.p95_ms,
    }


def _given_up(config: Config) -> list[str] | None:
    """The model that was chosen last and why it is not used; None where it is."""
    from insect_edge.composition.models import model_store  # noqa: PLC0415 # as above

    given_up = None if config.model.path is not None else model_store(config).switch().given_up
    return None if given_up is None else [given_up.model, given_up.reason]


def try_bundle(folder: str, config_path: str, fits: str) -> dict[str, Any]:
    """Load a bundle as the daemon would; with `fits` also as this configuration's labels need it."""
    from insect_edge.composition.model import make_classifier  # noqa: PLC0415 # as above

    config = _config(config_path)
    model = config.model.model_copy(update={"path": Path(folder), "labels": None})
    config = config if fits else type(config)()
    classifier = make_classifier(config.model_copy(update={"model": model}), name=Path(config_path).name)
    card, interpreter = classifier.own_card, classifier.interpreter
    return {
        "model_id": card.model_id,
        "sha256": card.sha256,
        "labels": [label.name for label in card.labels],
        "runtime": interpreter.runtime,
        "delegate": interpreter.delegate,
        "signed": model.public_key is not None,
    }


def try_camera(config_path: str, save_as: str) -> dict[str, Any]:
    """Open the configured camera, take a picture, and keep it where `save_as` names a file."""
    from insect_edge.adapters.clock import SystemClock  # noqa: PLC0415 # this and the next: only once they are on trial
    from insect_edge.adapters.picture_writer import write_picture  # noqa: PLC0415
    from insect_edge.composition.cameras import make_camera  # noqa: PLC0415

    config = _config(config_path)
    card, formats = _offers(config)
    camera = make_camera(config.camera, clock=SystemClock(), mode=config.regions.mode)
    started = time.monotonic()
    camera.open()
    try:
        frame, first_seconds = _frames(camera, started=started)
    finally:
        camera.close()
    if save_as:
        write_picture(Path(save_as), frame.pixels)
    return {
        "camera": camera.name,
        "live": camera.live,
        "card": card,
        "formats": formats,
        "width": frame.width,
        "height": frame.height,
        "first_seconds": round(first_seconds, 3),
        "mean": round(float(frame.pixels.mean()), 1),
        "spread": round(float(frame.pixels.std()), 2),
        "saved": save_as or None,
    }


def _frames(camera: Camera, *, started: float) -> tuple[Frame, float]:
    """The newest of a few frames, and how long the first took."""
    first = camera.capture(timeout=FIRST_FRAME_SECONDS)
    if first is None:
        raise InsectEdgeError(f"{camera.name}: there is no picture in it: name another file or folder")
    first_seconds = time.monotonic() - started
    newest = first
    for _ in range(_SETTLING_FRAMES if camera.live else 0):
        newest = camera.capture(timeout=FIRST_FRAME_SECONDS) or newest
    return newest, first_seconds


def _offers(config: Config) -> tuple[str, list[str]]:
    """Name and pixel formats of a local video device; nothing for other cameras."""
    device = device_file(config)
    if device is None:
        return "", []
    from insect_edge.adapters import v4l2  # noqa: PLC0415 # only where there is such a device

    try:
        card, formats = v4l2.offers(device)
    except OSError:  # not there, or no video device: the camera itself says so better
        return "", []
    return card, list(formats)


def device_file(config: Config) -> Path | None:
    """The device file that the configuration names, links followed; None where it names none."""
    device = str(config.camera.opencv.device)
    if config.camera.source != "opencv" or kind_of(device) != "device":
        return None
    return Path(f"/dev/video{device}" if device.isdecimal() else device).resolve()


def needs_device(config: Config) -> str:
    """The kind of device files a camera needs: `picamera2`, `opencv`, or another word for none."""
    source = config.camera.source
    if source != "opencv" or kind_of(config.camera.opencv.device) in {"device", "name"}:
        return source
    return kind_of(config.camera.opencv.device)


def _config(path: str) -> Config:
    from insect_edge.config.file import load_config  # noqa: PLC0415 # pydantic is compiled too
    from insect_edge.config.sections import Config as Defaults  # noqa: PLC0415

    return load_config(Path(path)) if path else Defaults()


def main(arguments: list[str]) -> None:
    """Try what is named and print the answer."""
    what, *rest = arguments
    if what == "import":
        sys.stdout.write(f"{import_library(*rest)}\n")
        return
    trials: dict[str, Callable[..., dict[str, Any]]]
    trials = {"model": try_model, "bundle": try_bundle, "camera": try_camera}
    try:
        answer = trials[what](*rest)
    except InsectEdgeError as error:
        answer = {"error": str(error)}
    sys.stdout.write(f"\n{json.dumps(answer)}\n")


if __name__ == "__main__":
    logging.disable()  # the answer says it all
    main(sys.argv[1:])
    sys.stdout.flush()
    # Python's own end would tear a thread out of a driver that hangs, which is told as a crash.
    os._exit(0)
