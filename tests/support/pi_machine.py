"""A container with the trap installed in it, as people have it: installer, service, configuration and broker."""

from __future__ import annotations

import json
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from support.container import Container

UNIT = "insect-edge.service"
CONFIGURATION = """\
[device]
id = "trap"
[camera]
source = "simulated"
rate = 2.0
[camera.simulated]
scene = "slug"
[policy]
end_after = 5.0
cooldown = 5.0
[mqtt]
host = "localhost"
"""
"""There is no camera in a container, and the drawn garden says so in every log; all else is as on a board."""
TOPICS = "insect-edge/trap"
_CREDENTIAL = "/etc/credstore/insect-edge.mqtt-password"
_SECURED = """\
listener 1883 localhost
allow_anonymous false
password_file /etc/mosquitto/passwords
"""


class PiMachine:
    """What the tests do to it.

    Args:
        container: booted; the checkout is at /srv/checkout and its `deploy` at /srv/deploy, wheels at /srv/wheels, and
            those without the project's own at /srv/needs.
        other_wheels: a folder that the machine sees at /srv/other.
    """

    def __init__(self, container: Container, *, other_wheels: Path) -> None:
        self.container = container
        self.other_wheels = other_wheels
        self.run = container.run
        self.ask = container.ask
        self.write = container.write

    def install(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the installer, whatever comes of it."""
        return self.ask("/srv/deploy/install.sh", "--wheelhouse", "/srv/wheels", *options)

    def install_from_checkout(self, *options: str) -> subprocess.CompletedProcess[str]:
        """The same, where the wheel has to be built first."""
        return self.ask("/srv/checkout/deploy/install.sh", "--wheelhouse", "/srv/needs", *options)

    def retained(self) -> set[str]:
        """Topics that the broker keeps something of."""
        command = ["mosquitto_sub", "-h", "localhost", "-t", "#", "--retained-only", "-F", "%t", "-W", "3"]
        return set(self.ask(*command).stdout.split())

    @contextmanager
    def secured_broker(self) -> Iterator[None]:
        """The broker wants the password `right` of the user `trap`, and the trap gives that user's name."""
        conf = "/etc/mosquitto/conf.d/secured.conf"
        self.write(conf, _SECURED)
        self.run("mosquitto_passwd", "-b", "-c", "/etc/mosquitto/passwords", "trap", "right")
        self.run("chmod", "644", "/etc/mosquitto/passwords")
        self._restart_broker()
        self.configure(CONFIGURATION + 'username = "trap"\n')
        try:
            yield
        finally:
            self.run("rm", "-f", _CREDENTIAL, conf)
            self._restart_broker()

    def _restart_broker(self) -> None:
        """Again, however often within a few seconds: systemd counts starts, and refuses the sixth."""
        self.run("systemctl", "reset-failed", "mosquitto.service")
        self.run("systemctl", "restart", "mosquitto.service")

    def give_password(self, password: str) -> None:
        """Put it where systemd takes it from at the service's next start."""
        self.write(_CREDENTIAL, f"{password}\n", mode=0o600)

    def configure(self, text: str = CONFIGURATION) -> None:
        """Write the configuration; nobody is told."""
        self.write("/etc/insect-edge/insect-edge.toml", text)

    def configuration(self) -> str:
        """What is in it now."""
        return self.run("cat", "/etc/insect-edge/insect-edge.toml") + "\n"

    def restart(self) -> None:
        """Start the service afresh and wait until it is ready, whatever it ended with before."""
        self.ask("systemctl", "reset-failed", UNIT)
        self.run("systemctl", "restart", UNIT)

    def show(self, name: str) -> str:
        """A property of the service as systemd knows it."""
        return self.run("systemctl", "show", "--value", "--property", name, UNIT)

    def active(self) -> bool:
        """Whether systemd has heard READY, and the service has not ended since."""
        return self.show("ActiveState") == "active"

    def replaced(self, process: str) -> bool:
        """Whether another process than that one runs and is ready."""
        return self.show("MainPID") not in {process, "0"} and self.active()

    def status(self) -> str:
        """What the daemon says of itself to systemd."""
        return self.show("StatusText")

    def ready(self) -> bool:
        """Whether it runs and says that all is well, a clock apart that no time server can reach."""
        return self.active() and ("working, with trouble: the clock is not set" in self.status() or self.well())

    def well(self) -> bool:
        """Whether it says `ready`."""
        return self.status().startswith("ready")

    def wait_until_ready(self) -> None:
        """After whatever was done to it."""
        self.container.wait_until("the service is ready", self.ready)

    def journal(self, *matches: str) -> list[dict[str, Any]]:
        """The service's entries, oldest first."""
        text = self.run("journalctl", "--unit", UNIT, "--output", "json", "--no-pager", *matches)
        return [json.loads(line) for line in text.splitlines()]

    def says(self, words: str) -> bool:
        """Whether a line of the journal has these words."""
        return any(words in str(entry.get("MESSAGE")) for entry in self.journal())

    def subscribe(self, topic: str, *, count: int = 1, seconds: int = 60) -> list[dict[str, Any]]:
        """The next messages of a topic at the broker inside."""
        command = ["mosquitto_sub", "-h", "localhost", "-t", topic, "-C", str(count), "-W", str(seconds)]
        return [json.loads(line) for line in self.run(*command).splitlines()]


def repacked(wheel: Path, *, folder: Path, version: str, changes: dict[str, str] | None = None) -> Path:
    """The same wheel as another version, with other contents of some files.

    Args:
        wheel: as built.
        folder: where the new one goes.
        version: of the new one.
        changes: text by path in the wheel; text to be put at the end of the file that is there.
    """
    old = wheel.name.split("-")[1]
    made = folder / wheel.name.replace(old, version, 1)
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith(("/METADATA", "/RECORD")) or name == "insect_edge/__init__.py":
                content = content.replace(old.encode(), version.encode())
            content += (changes or {}).get(name, "").encode()
            target.writestr(name.replace(f"-{old}.", f"-{version}."), content)
    return made
