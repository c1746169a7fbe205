"""The configuration file: what it takes, and how clearly it says what it does not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from insect_edge.config.parse import parse_config
from insect_edge.domain import Region
from insect_edge.errors import EXIT_CONFIG, ConfigError

if TYPE_CHECKING:
    from insect_edge.config.sections import Config

FOLDER = Path("/etc/insect-edge")


def parsed(text: str) -> Config:
    """The configuration of a file with this text."""
    return parse_config(text.encode(), name="trap.toml", folder=FOLDER)


def problems(text: str) -> list[str]:
    """The lines of the error that such a file causes."""
    with pytest.raises(ConfigError) as caught:
        parsed(text)
    assert caught.value.exit_code == EXIT_CONFIG
    return str(caught.value).splitlines()


def test_an_empty_file_is_a_configuration() -> None:
    """Every key has a default that works."""
    config = parsed("")
    assert (config.policy.window, config.policy.required, config.policy.end_after) == (5, 3, 10.0)
    assert (config.camera.source, config.camera.rate, config.camera.region) == ("picamera2", 1.0, "square")


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ('path = "monday"', [FOLDER / "monday"]),
        ('path = ["monday", "/srv/1.jpg"]', [FOLDER / "monday", Path("/srv/1.jpg")]),
    ],
)
def test_pictures_come_from_one_place_or_several(text: str, paths: list[Path]) -> None:
    """A path or a list of them, relative to the file's own folder."""
    assert parsed(f"[camera.files]\n{text}").camera.files.path == tuple(paths)


@pytest.mark.parametrize("value", ["[]", "3", '["monday", 3]', '""'])
def test_a_place_of_pictures_that_is_none_is_refused(value: str) -> None:
    """Nothing, numbers and empty names are no paths, and the remedy shows what one looks like."""
    (line,) = problems(f"[camera.files]\npath = {value}")
    assert "[camera.files] path" in line
    assert 'a path in quotes, or a list of them: ["monday", "tuesday/1.jpg"]' in line


@pytest.mark.parametrize("value", ['"frozen 1-2"', '["frozen"]', '["melted 1-2"]', '["frozen 1"]', "[3]"])
def test_a_breakdown_that_is_none_is_refused(value: str) -> None:
    """The remedy shows what breakdowns look like."""
    assert parsed('camera.simulated.faults = ["frozen 60-90", "stuck 1.5-"]').camera.simulated.faults[1] == "stuck 1.5-"
    (line,) = problems(f"camera.simulated.faults = {value}")
    assert "[camera.simulated] faults" in line
    assert '["frozen 60-90", "black 120-180", "hang 600-"]' in line


def test_values_arrive_as_written() -> None:
    """Numbers, names, tables of labels and lists come through; whole numbers will do for seconds."""
    config = parsed(
        """
        [camera]
        source = "opencv"
        region = [0.25, 0, 0.5, 1]
        opencv.device = "rtsp://shed/1"
        [policy]
        end_after = 20
        thresholds = { slug = 0.7 }
        roles = { wasp = "pest" }
        [alerts]
        only = ["slug"]
        """
    )
    assert config.camera.region == Region(x=0.25, y=0, width=0.5, height=1)
    assert config.camera.opencv.device == "rtsp://shed/1"
    assert (config.policy.end_after, config.policy.thresholds, config.policy.roles) == (
        20.0,
        {"slug": 0.7},
        {"wasp": "pest"},
    )
    assert config.alerts.only == ("slug",)


def test_paths_are_relative_to_the_file() -> None:
    """A relative path lies beside the configuration file, an absolute one where it says, ~ is the home."""
    config = parsed('[model]\npath = "models/mine"\nlabels = "/srv/labels.txt"\n[outbox]\ndirectory = "~/queue"')
    assert config.model.path == FOLDER / "models/mine"
    assert config.model.labels == Path("/srv/labels.txt")
    assert config.outbox.directory == Path.home() / "queue"


@pytest.mark.parametrize(
    ("device", "taken"),
    [
        ('"clip.mp4"', "/etc/insect-edge/clip.mp4"),
        ('"/dev/video0"', "/dev/video0"),
        ('"rtsp://shed/1"', "rtsp://shed/1"),
        ('"2"', "2"),
        ("2", 2),
        ('"USB2.0 PC CAMERA"', "USB2.0 PC CAMERA"),
        ('"clips/night"', "/etc/insect-edge/clips/night"),
    ],
)
def test_a_video_device_is_a_path_only_where_it_is_one(device: str, taken: int | str) -> None:
    """A video file lies beside the configuration file; numbers and addresses are left as they are."""
    assert parsed(f"[camera.opencv]\ndevice = {device}").camera.opencv.device == taken


def test_a_configuration_cannot_be_changed() -> None:
    """A section refuses assignment."""
    with pytest.raises(ValueError, match="frozen"):
        parsed("").policy.window = 3


MISTAKES = [
    # the file, what of it is shown, and what is said about it
    ("[policy]\nrequierd = 3", "[policy] requierd = 3", 'unknown key: did you mean "required"?'),
    ("[polcy]\nwindow = 3", "[polcy]", 'unknown section: did you mean "policy"?'),
    ('host = "x"', 'host = "x"', "unknown key: it belongs in [mqtt]"),
    ('[camera]\npath = "x"', '[camera] path = "x"', "unknown key: it belongs in [camera.files]"),
    ("[log]\ncolour = true", "[log] colour = true", "unknown key: take it out, or choose one of level"),
    ("policy = 3", "policy = 3", "policy is a section: write [policy] on a line of its own"),
    ('[policy]\nwindow = "5"', '[policy] window = "5"', "must be a whole number of frames from 1 to 1000"),
    ("[policy]\nwindow = 5.5", "[policy] window = 5.5", "must be a whole number of frames from 1 to 1000"),
    ("[policy]\nwindow = true", "[policy] window = true", "must be a whole number of frames from 1 to 1000"),
    ("[policy]\nkeep = 0", "[policy] keep = 0", "must be a number above 0 and at most 1"),
    ("[camera]\nrate = inf", "[camera] rate = Infinity", "must be a number of frames a second from 0.01 to 60"),
    ("[publish]\nsnapshot = 1", "[publish] snapshot = 1", "must be true or false, without quotes"),
    ('[mqtt]\nhost = ""', '[mqtt] host = ""', "must be a text in quotes, not empty"),
    ("[model]\npath = 3", "[model] path = 3", "must be a path in quotes"),
    ("[outbox]\nmax_age = 1", "[outbox] max_age = 1", "must be a number of seconds from 60 to 315360000"),
    (
        '[camera]\nsource = "picamera"',
        '[camera] source = "picamera"',
        'must be one of "simulated", "files", "opencv", "picamera2": did you mean "picamera2"?',
    ),
    (
        "[policy.thresholds]\nslug = 2",
        "[policy.thresholds] slug = 2",
        "must be a score above 0 and at most 1 for each label",
    ),
    (
        '[policy.roles]\nwasp = "foe"',
        '[policy.roles] wasp = "foe"',
        'must be "pest", "beneficial", "neutral" or "background" for each label',
    ),
    (
        "[policy.thresholds]\n5 = 2.5",
        "[policy.thresholds] 5 = 2.5",
        "must be a score above 0 and at most 1 for each label",
    ),
    (
        '[policy.roles]\n5 = "foe"',
        '[policy.roles] 5 = "foe"',
        'must be "pest", "beneficial", "neutral" or "background" for each label',
    ),
    (
        "[alerts.5]\nx = 1",
        "[alerts.5]",
        (
            "unknown section: take it out, or choose one of minimum_frames, minimum_score, cooldown, only, never, "
            "expiry, thresholds"
        ),
    ),
    (
        "[camera]\nregion = [0.5, 0, 0.6, 1]",
        "[camera] region = [0.5, 0, 0.6, 1]",
        ('must be "square", "whole" or [x, y, width, height] in fractions of the frame, inside it and not empty'),
    ),
    (
        '[device]\nid = "Trap"',
        '[device] id = "Trap"',
        "must be 1 to 64 lower-case letters, digits and hyphens, a hyphen at neither end",
    ),
    (
        '[mqtt]\nroot = "a/#"',
        '[mqtt] root = "a/#"',
        "must be a topic of at most 99 characters without + and #, a / at neither end, no $ at its start",
    ),
    (
        "[policy]\nrequired = 7",
        "[policy] required = 7",
        "more than window = 5, so no event could ever start: at most 5",
    ),
    (
        "[camera]\nrate = 0.1",
        "[policy] end_after = 10.0",
        "shorter than two frames at [camera] rate = 0.1, so every event would end at once: at least 20",
    ),
    (
        '[camera]\nsource = "files"',
        '[camera] source = "files"',
        "nothing says where the files are: write [camera.files] path = a folder, a picture or a list of them",
    ),
    ("[site]\nlatitude = 1", "[site] latitude = 1", "longitude is missing: give both or neither"),
    ('[mqtt.tls]\nca = "ca.pem"', '[mqtt.tls] ca = "ca.pem"', "encryption is off: set enabled = true beside it"),
    (
        '[mqtt.tls]\nenabled = true\nkey = "k.pem"',
        '[mqtt.tls] key = "k.pem"',
        "certificate is missing: a client certificate needs both files",
    ),
    ('[mqtt]\npassword_file = "p"', '[mqtt] password_file = "p"', "username is missing: a password needs one"),
    (
        '[alerts]\nonly = ["slug"]\nnever = ["slug"]',
        '[alerts] only = ["slug"]',
        '"slug" is also in never: take it out of one of them',
    ),
    (
        '[model]\nlabels = "l.txt"',
        '[model] labels = "l.txt"',
        "the default model has its own: leave it out, or name a .tflite in path",
    ),
]


@pytest.mark.parametrize(("text", "place", "advice"), MISTAKES)
def test_a_problem_is_one_line(text: str, place: str, advice: str) -> None:
    """Each kind of mistake is told with section, key, value and remedy."""
    assert problems(text) == [f"trap.toml: {place}: {advice}"]


def test_all_problems_are_told_at_once() -> None:
    """Unknown keys, wrong values and contradictions of one file stand in one error."""
    lines = problems('[policy]\nrequired = 7\nkeep = 3\n[alerts]\nonli = 1\n[site]\nlongitude = 8\n[lgo]\nlevel = "x"')
    assert [line.split(" ")[1] + " " + line.split(" ")[2] for line in lines] == [
        "[policy] keep",
        "[alerts] onli",
        "[lgo]: unknown",
        "[site] longitude",
        "[policy] required",
    ]


def test_a_wrong_value_causes_no_second_problem() -> None:
    """A contradiction with a value that is wrong anyway is not told."""
    assert len(problems("[policy]\nwindow = -1\nrequired = 900")) == 1


def test_a_secret_is_never_shown() -> None:
    """A password written into the file is refused without being repeated."""
    (line,) = problems('[mqtt]\npassword = "hunter2"')
    assert "hunter2" not in line
    assert line.endswith("write it alone into a file and name that in password_file")


@pytest.mark.parametrize(
    "text",
    [
        '[mqtt]\npass = "hunter2"',
        '[mqtt]\nPWD = "hunter2"',
        '[camera]\ndevise = "rtsp://admin:hunter2@cam/1"',
        '[camera.opencv]\nwidth = "rtsp://admin:x@hunter2@cam/1"',
    ],
)
def test_a_secret_in_a_wrong_place_is_not_shown_either(text: str) -> None:
    """Under another name, or within an address, it is not repeated: the line may go to a log or a broker."""
    assert problems(text)
    assert not any("hunter2" in line for line in problems(text))


def test_a_long_value_is_cut() -> None:
    """A page of text in the wrong place does not become a page of error."""
    (line,) = problems(f'[log]\nlevel = "{"x" * 5000}"')
    assert len(line) < 200


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"[policy\nwindow = 3", "line 1, column 8"),
        (b"a = 1\nb = ", "line 2, column 5"),
        (b"a = 1\na = 2", "line 2"),
        (b'a = 1\nb = """x', "line 2"),
        (b'[log]\nlevel = "\xff"', "line 2"),
    ],
)
def test_what_is_not_toml_is_located(content: bytes, where: str) -> None:
    """A syntax error names its line, and its column where that is known."""
    with pytest.raises(ConfigError, match=rf"^trap\.toml: {where}[^\n]*$"):
        parse_config(content, name="trap.toml", folder=FOLDER)


def test_windows_line_ends_and_marks_are_taken() -> None:
    """A file saved by Notepad, with a byte-order mark and CR LF, is read."""
    content = b"\xef\xbb\xbf[policy]\r\nwindow = 7\r\n"
    assert parse_config(content, name="trap.toml", folder=FOLDER).policy.window == 7
