"""A real Mosquitto on a free loopback port, in the flavours the product has to live with."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pytest

from support.certificates import Certificates, make_certificates
from support.subscriber import Subscriber
from support.tcp import HOST, free_port
from support.tools import DEADLINE_SECONDS, executable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "Certificates",
    "Mosquitto",
    "Subscriber",
    "executable",
    "free_port",
    "make_certificates",
    "running",
]

USERNAME = "trap"
PASSWORD = "correct-horse-battery"  # noqa: S105 # a broker of one test


@dataclass(frozen=True, kw_only=True)
class BrokerOptions:
    """What kind of broker.

    Attributes:
        password: only `USERNAME` with `PASSWORD` may connect.
        certificates: TLS with these; None for plain TCP.
        client_certificates: with TLS, clients have to show one.
        acl: lines of an access-control list (`topic deny insect-edge/#`); None for none.
        extra: further lines of configuration.
        persistence: keep retained messages and sessions over restarts.
        log: kinds of lines the broker writes (`error`, `warning` …); `all` for everything.
    """

    password: bool = False
    certificates: Certificates | None = None
    client_certificates: bool = False
    acl: tuple[str, ...] | None = None
    extra: tuple[str, ...] = ()
    persistence: bool = False
    log: tuple[str, ...] = ("all",)


PLAIN = BrokerOptions()
"""Anybody may do anything."""


class Mosquitto:
    """One broker process; it can be stopped, killed and started again on the same port."""

    def __init__(self, folder: Path, options: BrokerOptions = BrokerOptions(), *, port: int | None = None) -> None:
        self.folder = folder
        self.options = options
        self.port = free_port() if port is None else port
        self._process: subprocess.Popen[str] | None = None
        self._lines: deque[str] = deque(maxlen=2_000)
        self._logged = threading.Condition()
        self._configuration = folder / "mosquitto.conf"
        folder.mkdir(parents=True, exist_ok=True)
        self._configuration.write_text("\n".join(self._configure()) + "\n", encoding="utf-8")

    @property
    def log(self) -> str:
        """What the broker wrote, newest 2,000 lines."""
        return "\n".join(list(self._lines))

    def start(self) -> Self:
        """Start and wait until it accepts connections."""
        self._process = subprocess.Popen(
            [executable("mosquitto"), "-c", str(self._configuration)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                self._reader.join()
                pytest.fail(f"mosquitto ended with {self._process.returncode}:\n{self.log}")
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return self
        self.kill()
        return pytest.fail(f"mosquitto does not listen on {self.port}:\n{self.log}")

    def wait_for_log(self, text: str) -> None:
        """Wait until the broker logs a line that contains `text`; fails when it does not."""
        with self._logged:
            if not self._logged.wait_for(lambda: any(text in line for line in self._lines), DEADLINE_SECONDS):
                pytest.fail(f"mosquitto never logged {text!r}:\n{self.log}")

    def stop(self) -> None:
        """End it in order; harmless when it is not running."""
        self._end(kill=False)

    def kill(self) -> None:
        """End it as a power cut does; harmless when it is not running."""
        self._end(kill=True)

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Publish as an independent client."""
        arguments = ["-t", topic, "-m", payload, "-q", "1", *(["-r"] if retain else [])]
        subprocess.run(
            [executable("mosquitto_pub"), *self.client_arguments(), *arguments], check=True, timeout=DEADLINE_SECONDS
        )

    def retained(self, topic: str) -> str | None:
        """The retained message of one topic; None where there is none within a second."""
        command = [executable("mosquitto_sub"), *self.client_arguments(), "-t", topic, "-C", "1", "-W", "1", "-N"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE_SECONDS)
        return done.stdout if done.returncode == 0 else None

    def client_arguments(self) -> list[str]:
        """What mosquitto_pub and mosquitto_sub have to be told to connect."""
        arguments = ["-h", "localhost" if self.options.certificates else HOST, "-p", str(self.port)]
        if self.options.password:
            arguments += ["-u", USERNAME, "-P", PASSWORD]
        if self.options.certificates:
            arguments += ["--cafile", str(self.options.certificates.ca)]
            if self.options.client_certificates:
                arguments += ["--cert", str(self.options.certificates.client)]
                arguments += ["--key", str(self.options.certificates.client_key)]
        return arguments

    def _configure(self) -> Iterator[str]:
        options = self.options
        yield f"listener {self.port} {HOST}"
        # Standard output would be buffered, since it is no terminal.
        yield "log_dest stderr"
        yield from (f"log_type {kind}" for kind in options.log)
        # Started as root it would become another user, who cannot read the test's folder.
        yield "user root"
        yield f"allow_anonymous {'false' if options.password else 'true'}"
        if options.password:
            file = self.folder / "passwords"
            file.touch(mode=0o600)
            subprocess.run([executable("mosquitto_passwd"), "-b", str(file), USERNAME, PASSWORD], check=True)
            yield f"password_file {file}"
        if options.certificates is not None:
            yield f"cafile {options.certificates.ca}"
            yield f"certfile {options.certificates.server}"
            yield f"keyfile {options.certificates.server_key}"
            yield f"require_certificate {'true' if options.client_certificates else 'false'}"
        if options.acl is not None:
            file = self.folder / "acl"
            file.write_text("\n".join(options.acl) + "\n", encoding="utf-8")
            file.chmod(0o600)
            yield f"acl_file {file}"
        yield f"persistence {'true' if options.persistence else 'false'}"
        if options.persistence:
            yield f"persistence_location {self.folder}/"
            yield "autosave_interval 1"
        yield from options.extra

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                with self._logged:
                    self._lines.append(line.rstrip())
                    self._logged.notify_all()

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        else:
            process.terminate()
        process.wait(timeout=DEADLINE_SECONDS)
        self._reader.join(DEADLINE_SECONDS)


@contextmanager
def running(folder: Path, options: BrokerOptions = PLAIN) -> Iterator[Mosquitto]:
    """A started broker that is ended at the end of the block."""
    broker = Mosquitto(folder, options)
    try:
        yield broker.start()
    finally:
        broker.kill()
