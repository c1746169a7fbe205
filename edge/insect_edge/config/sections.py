"""The sections of the configuration file: every key, its default, its range, and the checks that join several keys."""

# Annotations stay real objects here: pydantic reads them when the classes are made.

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from insect_edge.config.types import (
    Conflict,
    Faults,
    File,
    Files,
    Labels,
    Must,
    Pixels,
    RegionChoice,
    Seconds,
    Section,
    Text,
    Unit,
    VideoDevice,
)
from insect_edge.mqtt.topics import DEFAULT_PREFIX, DEFAULT_ROOT


class Device(Section):
    """Who this trap is."""

    id: Annotated[
        str | None,
        Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"),
        Must("1 to 64 lower-case letters, digits and hyphens, a hyphen at neither end"),
    ] = None


class Site(Section):
    """Where it stands."""

    name: Text | None = None
    latitude: Annotated[float | None, Field(ge=-90, le=90), Unit("degrees")] = None
    longitude: Annotated[float | None, Field(ge=-180, le=180), Unit("degrees")] = None

    def conflicts(self) -> Iterator[Conflict]:
        """Half a position is none."""
        if (self.latitude is None) != (self.longitude is None):
            given, missing = ("latitude", "longitude") if self.longitude is None else ("longitude", "latitude")
            yield Conflict((given, missing), f"{missing} is missing: give both or neither")


class FilesCamera(Section):
    """Pictures on disk."""

    path: Files | None = None
    loop: bool = False


class OpencvCamera(Section):
    """A USB camera, a stream or a video file."""

    device: VideoDevice = 0
    width: Pixels = 1280
    height: Pixels = 720
    rotation: Literal[0, 90, 180, 270] = 0
    loop: bool = False


class Picamera2Camera(Section):
    """A camera on the board's own connector."""

    index: Annotated[int, Field(ge=0, le=9)] = 0
    width: Pixels = 1280
    height: Pixels = 720
    rotation: Literal[0, 180] = 0


class SimulatedCamera(Section):
    """A drawn garden."""

    scene: Text = "garden"
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    width: Pixels = 1280
    height: Pixels = 720
    sensor_clock: bool = True
    faults: Faults = ()


class Camera(Section):
    """What is looked through, how often and where in the frame."""

    source: Literal["simulated", "files", "opencv", "picamera2"] = "picamera2"
    rate: Annotated[float, Field(ge=0.01, le=60), Unit("frames a second")] = 1.0
    dark_rate: Annotated[float, Field(ge=0.01, le=60), Unit("frames a second")] = 0.1
    compare: bool = True
    region: RegionChoice = "square"
    capture_timeout: Annotated[Seconds, Field(ge=0.1, le=30)] = 5.0
    first_frame_timeout: Annotated[Seconds, Field(ge=1, le=3600)] = 60.0
    files: FilesCamera = FilesCamera()
    opencv: OpencvCamera = OpencvCamera()
    picamera2: Picamera2Camera = Picamera2Camera()
    simulated: SimulatedCamera = SimulatedCamera()

    def conflicts(self) -> Iterator[Conflict]:
        """Pictures need a place to come from."""
        if self.source == "files" and self.files.path is None:
            advice = (
                "nothing says where the files are: write [camera.files] path = a folder, a picture or a list of them"
            )
            yield Conflict(("source", "files"), advice)


class Model(Section):
    """What names the insects."""

    path: File | None = None
    labels: File | None = None
    threads: Annotated[int, Field(ge=1, le=64)] = 1

    def conflicts(self) -> Iterator[Conflict]:
        """The default model brings its labels."""
        if self.labels is not None and self.path is None:
            yield Conflict(("labels", "path"), "the default model has its own: leave it out, or name a .tflite in path")


class Policy(Section):
    """When an insect is judged present."""

    window: Annotated[int, Field(ge=1, le=1000), Unit("frames")] = 5
    required: Annotated[int, Field(ge=1, le=1000), Unit("frames")] = 3
    end_after: Annotated[Seconds, Field(ge=0.1, le=86_400)] = 10.0
    cooldown: Annotated[Seconds, Field(ge=0, le=604_800)] = 300.0
    keep: Annotated[float, Field(gt=0, le=1)] = 0.8
    update_every: Annotated[Seconds, Field(ge=1, le=86_400)] = 60.0
    update_rise: Annotated[float, Field(ge=0.01, le=1)] = 0.05
    thresholds: Annotated[
        dict[Text, Annotated[float, Field(gt=0, le=1)]], Must("a score above 0 and at most 1 for each label")
    ] = Field(default_factory=dict)
    roles: Annotated[
        dict[Text, Literal["pest", "beneficial", "neutral", "background"]],
        Must('"pest", "beneficial", "neutral" or "background" for each label'),
    ] = Field(default_factory=dict)

    def conflicts(self) -> Iterator[Conflict]:
        """No more frames can agree than are looked back on."""
        if self.required > self.window:
            advice = f"more than window = {self.window}, so no event could ever start: at most {self.window}"
            yield Conflict(("required", "window"), advice)


class Alerts(Section):
    """Which events deserve an alert."""

    minimum_frames: Annotated[int, Field(ge=1, le=100_000), Unit("frames")] = 1
    minimum_score: Annotated[float, Field(ge=0, le=1)] = 0.0
    cooldown: Annotated[Seconds, Field(ge=0, le=604_800)] = 0.0
    only: Labels = ()
    never: Labels = ()
    expiry: Annotated[int | None, Field(ge=1, le=31_536_000), Unit("seconds")] = None

    def conflicts(self) -> Iterator[Conflict]:
        """A label cannot be wanted and unwanted."""
        both = sorted(set(self.only) & set(self.never))
        if both:
            yield Conflict(("only", "never"), f'"{both[0]}" is also in never: take it out of one of them')


class Tls(Section):
    """Encryption towards the broker."""

    enabled: bool = False
    ca: File | None = None
    certificate: File | None = None
    key: File | None = None

    def conflicts(self) -> Iterator[Conflict]:
        """Files without encryption, and half a client certificate."""
        for name in ("ca", "certificate", "key"):
            if getattr(self, name) is not None and not self.enabled:
                yield Conflict((name, "enabled"), "encryption is off: set enabled = true beside it")
        if (self.certificate is None) != (self.key is None):
            given, missing = ("certificate", "key") if self.key is None else ("key", "certificate")
            yield Conflict((given, missing), f"{missing} is missing: a client certificate needs both files")


class Mqtt(Section):
    """Where messages go."""

    host: Text = "localhost"
    port: Annotated[int | None, Field(ge=1, le=65_535)] = None
    username: Text | None = None
    password_file: File | None = None
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    root: Annotated[
        str,
        Field(pattern=r"^[^/+#$\x00-\x1f]([^+#\x00-\x1f]{0,97}[^/+#\x00-\x1f])?$"),
        Must("a topic of at most 99 characters without + and #, a / at neither end, no $ at its start"),
    ] = DEFAULT_ROOT
    keepalive: Annotated[int, Field(ge=5, le=3600), Unit("seconds")] = 30
    connect_timeout: Annotated[Seconds, Field(ge=1, le=120)] = 10.0
    commands: bool = True
    tls: Tls = Tls()

    def conflicts(self) -> Iterator[Conflict]:
        """A password belongs to a name."""
        if self.password_file is not None and self.username is None:
            yield Conflict(("password_file", "username"), "username is missing: a password needs one")


class HomeAssistant(Section):
    """Whether Home Assistant is told of this device, so that it appears there by itself."""

    enabled: bool = False
    prefix: Annotated[
        str,
        Field(pattern=r"^[^/+#$\x00-\x1f]([^+#\x00-\x1f]{0,97}[^/+#\x00-\x1f])?$"),
        Must("a topic of at most 99 characters without + and #, a / at neither end, no $ at its start"),
    ] = DEFAULT_PREFIX


class Outbox(Section):
    """The queue that outlives outages and power cuts."""

    directory: File | None = None
    max_bytes: Annotated[int, Field(ge=65_536, le=2**40), Unit("bytes")] = 64 * 1024 * 1024
    max_rows: Annotated[int, Field(ge=10, le=10_000_000), Unit("messages")] = 20_000
    max_age: Annotated[Seconds | None, Field(ge=60, le=315_360_000)] = None
    catch_up_rate: Annotated[float, Field(ge=0.1, le=1000), Unit("messages a second")] = 20.0


class Publish(Section):
    """What is sent besides detections, alerts and health."""

    snapshot: bool = True
    snapshot_per_event: bool = False
    snapshot_width: Pixels = 640
    classification: bool = False
    classification_every: Annotated[Seconds, Field(ge=0, le=86_400)] = 10.0
    detection_expiry: Annotated[int | None, Field(ge=1, le=31_536_000), Unit("seconds")] = None


class Health(Section):
    """How the daemon tells how it is."""

    interval: Annotated[Seconds, Field(ge=1, le=3600)] = 60.0
    stall_after: Annotated[Seconds, Field(ge=2, le=3600)] = 30.0


class Log(Section):
    """What is written to the log."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Config(Section):
    """The whole file."""

    device: Device = Device()
    site: Site = Site()
    camera: Camera = Camera()
    model: Model = Model()
    policy: Policy = Policy()
    alerts: Alerts = Alerts()
    mqtt: Mqtt = Mqtt()
    home_assistant: HomeAssistant = HomeAssistant()
    outbox: Outbox = Outbox()
    publish: Publish = Publish()
    health: Health = Health()
    log: Log = Log()

    def conflicts(self) -> Iterator[Conflict]:
        """What two sections must agree on."""
        shortest = 2 / self.camera.rate
        if self.policy.end_after < shortest:
            advice = (
                f"shorter than two frames at [camera] rate = {self.camera.rate:g}, so every event would end at once: "
                f"at least {shortest:g}"
            )
            yield Conflict(("policy.end_after", "camera.rate"), advice)
