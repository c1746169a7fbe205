"""From the configuration to parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.adapters.jpeg import encode_jpeg
from insect_edge.adapters.picamera2 import Picamera2Camera
from insect_edge.adapters.pictures import decode_picture
from insect_edge.composition.cameras import make_camera
from insect_edge.composition.folders import outbox_folder
from insect_edge.config import settings as config_settings
from insect_edge.config.parse import parse_config
from insect_edge.config.sections import Config
from insect_edge.domain import Region
from insect_edge.health.pace import PaceSettings
from insect_edge.mqtt.topics import Topics
from insect_edge.outbox.entry import OutboxLimits
from insect_edge.policy.rules import PolicySettings
from insect_edge.relay.settings import RelaySettings

if TYPE_CHECKING:
    from insect_edge.regions.settings import Mode


def parsed(text: str) -> Config:
    """The configuration of a file with this text."""
    return parse_config(text.encode(), name="trap.toml", folder=Path("/etc"))


def test_an_empty_configuration_is_the_parts_own_defaults() -> None:
    """The configuration's defaults and those of the parts are the same numbers."""
    config = Config()
    assert config_settings.policy_settings(config) == PolicySettings()
    assert config_settings.outbox_limits(config) == OutboxLimits()
    assert config_settings.pace_settings(config, watchdog_seconds=None) == PaceSettings()
    assert config_settings.site(config) is None
    topics = Topics(device_id="trap")
    assert config_settings.relay_settings(config, topics=topics) == RelaySettings(topics=topics)


def test_a_slow_broker_is_waited_for_as_configured() -> None:
    """The relay does not give an attempt up while the connection itself may still be made."""
    settings = config_settings.relay_settings(parsed("mqtt.connect_timeout = 120"), topics=Topics(device_id="trap"))
    assert settings.connect_seconds == 240


@pytest.mark.parametrize(
    ("text", "port", "encrypted"),
    [("", 1883, False), ("mqtt.tls.enabled = true", 8883, True), ("mqtt.port = 99\nmqtt.tls.enabled = true", 99, True)],
)
def test_the_port_follows_encryption(text: str, port: int, *, encrypted: bool) -> None:
    """Without a port of its own the broker is looked for where such brokers are."""
    broker = config_settings.broker_settings(parsed(text), client_id="trap", password=None)
    assert (broker.port, broker.tls is not None) == (port, encrypted)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("", None),
        ('camera.region = "whole"', Region.whole()),
        ("camera.region = [0.5, 0, 0.5, 1]", Region(x=0.5, y=0, width=0.5, height=1)),
    ],
)
def test_the_region(text: str, region: Region | None) -> None:
    """The square is left to the frame's own shape, the others are fixed."""
    assert config_settings.region(parsed(text)) == region


def test_the_outbox_has_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration comes first, then systemd's directory, then the user's."""
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/insect-edge:/other")
    assert outbox_folder(parsed('outbox.directory = "/srv/queue"')) == Path("/srv/queue")
    assert outbox_folder(Config()) == Path("/var/lib/insect-edge/outbox")
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setenv("XDG_STATE_HOME", "/home/a/state")
    assert outbox_folder(Config()) == Path("/home/a/state/insect-edge/outbox")
    monkeypatch.delenv("XDG_STATE_HOME")
    assert outbox_folder(Config()) == Path.home() / ".local/state/insect-edge/outbox"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('camera.source = "simulated"\ncamera.simulated.scene = "empty"', "simulated:empty"),
        ('camera.source = "files"\ncamera.files.path = "/srv/pictures"', "files:/srv/pictures"),
        ('camera.source = "files"\ncamera.files.path = ["/srv/a", "/srv/b"]', "files:/srv/a and 1 more"),
        ('camera.source = "opencv"\ncamera.opencv.device = "rtsp://me:secret@shed/1"', "opencv:rtsp://shed/1"),
        ('camera.source = "picamera2"\ncamera.picamera2.device = 1', "picamera2:1"),
    ],
)
def test_the_camera_is_the_configured_one(text: str, name: str) -> None:
    """The source decides the camera, its section the rest."""
    assert make_camera(parsed(text).camera, clock=FakeClock()).name == name


@pytest.mark.parametrize(
    ("key", "mode", "asked"),
    [
        *(("", "whole", False), ("", "grid", False), ("", "motion", True), ("", "contrast", True), ("", "auto", True)),
        *(("camera.picamera2.luma = true", "whole", True), ("camera.picamera2.luma = false", "auto", False)),
    ],
)
def test_brightness_is_asked_for_where_it_is_of_use(key: str, mode: Mode, asked: bool) -> None:  # noqa: FBT001 # a column
    """The way of searching decides, unless the configuration does."""
    camera = make_camera(parsed(key).camera, clock=FakeClock(), mode=mode)
    assert isinstance(camera, Picamera2Camera)
    assert camera._settings.luma is asked


def test_a_snapshot_is_a_picture_of_the_right_width() -> None:
    """A wide frame is made narrower in proportion, a narrow one is left alone."""
    pixels = np.full((720, 1280, 3), 128, dtype=np.uint8)
    assert decode_picture(encode_jpeg(pixels, width=640), name="snapshot").shape == (360, 640, 3)
    assert decode_picture(encode_jpeg(pixels, width=4000), name="snapshot").shape == (720, 1280, 3)
