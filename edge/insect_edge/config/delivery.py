"""The sections of the configuration file about what leaves the trap, and what stays on its disk meanwhile."""

# Annotations stay real objects here: pydantic reads them when the classes are made.

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from insect_edge.config.types import Conflict, File, Must, Pixels, Seconds, Section, Text, Unit
from insect_edge.mqtt.topics import DEFAULT_PREFIX, DEFAULT_ROOT


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


class Snapshots(Section):
    """Pictures of events that stay on the disk."""

    directory: File | None = None
    max_bytes: Annotated[int, Field(ge=0, le=2**40), Unit("bytes")] = 200 * 1024 * 1024
    min_free_bytes: Annotated[int, Field(ge=0, le=2**40), Unit("bytes")] = 100 * 1024 * 1024
    width: Pixels = 1280
