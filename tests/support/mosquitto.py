"""A real Mosquitto on a free loopback port, in the flavours the product has to live with."""

from __future__ import annotations

import itertools
import shutil
import socket
import subprocess
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "127.0.0.1"
USERNAME = "trap"
PASSWORD = "correct-horse-battery"  # noqa: S105 # a broker of one test
DEADLINE_SECONDS = 30.0
"""How long readiness is waited for on a busy machine; never slept through."""


def executable(name: str) -> str:
    """The path of one of Mosquitto's programs; skips the test where it is not installed."""
    # Debian puts the broker where only root's PATH looks.
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install mosquitto mosquitto-clients")
    return found


def free_port() -> int:
    """A loopback port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """PEM files of one little authority.

    Attributes:
        ca: the authority's certificate.
        server: the broker's certificate, for `localhost` and 127.0.0.1.
        server_key: its key.
        client: a client's certificate.
        client_key: its key.
    """

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path


def _openssl(*arguments: str | Path) -> None:
    command = [executable("openssl"), *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, timeout=DEADLINE_SECONDS)


def make_certificates(
    folder: Path,
    *,
    names: str = "DNS:localhost,IP:127.0.0.1",
    not_before: str | None = None,
    not_after: str | None = None,
) -> Certificates:
    """A fresh authority with one certificate for a broker and one for a client.

    Args:
        folder: to write to; made where it is absent.
        names: the broker's subjectAltName.
        not_before: first instant of the broker's certificate as openssl writes it (`20200101000000Z`); now by default.
        not_after: its last instant; a day from now by default.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _openssl("req", "-x509", *curve, "-keyout", ca_key, "-out", ca, "-subj", "/CN=test authority", "-days", "1")
    for name, extension in (("server", f"subjectAltName={names}"), ("client", "extendedKeyUsage=clientAuth")):
        request, key, extensions = folder / f"{name}.csr", folder / f"{name}.key", folder / f"{name}.ext"
        _openssl("req", "-new", *curve, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        extensions.write_text(extension + "\n", encoding="ascii")
        _sign(request, folder=folder, name=name, not_before=not_before, not_after=not_after)
    return Certificates(
        ca=ca,
        server=folder / "server.pem",
        server_key=folder / "server.key",
        client=folder / "client.pem",
        client_key=folder / "client.key",
    )


def _sign(request: Path, *, folder: Path, name: str, not_before: str | None, not_after: str | None) -> None:
    """Sign with exact instants, which `openssl ca` can in every version (`openssl x509` only in new ones)."""
    configuration = folder / "ca.cnf"
    (folder / "index.txt").touch()
    configuration.write_text(
        "[ca]\ndefault_ca=own\n[own]\n"
        f"database={folder}/index.txt\nnew_certs_dir={folder}\nrand_serial=yes\nunique_subject=no\n"
        f"certificate={folder}/ca.pem\nprivate_key={folder}/ca.key\ndefault_md=sha256\npolicy=any\n"
        "[any]\ncommonName=supplied\n",
        encoding="ascii",
    )
    instants: list[str | Path] = ["-days", "1"]
    if name == "server" and not_before is not None and not_after is not None:
        instants = ["-startdate", not_before, "-enddate", not_after]
    _openssl(
        *("ca", "-batch", "-notext", "-config", configuration, "-in", request, "-out", folder / f"{name}.pem"),
        *("-extfile", folder / f"{name}.ext", *instants),
    )


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
    """

    password: bool = False
    certificates: Certificates | None = None
    client_certificates: bool = False
    acl: tuple[str, ...] | None = None
    extra: tuple[str, ...] = ()
    persistence: bool = False


PLAIN = BrokerOptions()
"""Anybody may do anything."""

_numbers = itertools.count(1)


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
        yield "log_type all"
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


class Subscriber:
    """An independent client (mosquitto_sub): what it received, in order."""

    def __init__(self, broker: Mosquitto, *topics: str) -> None:
        name = f"subscriber-{next(_numbers)}"
        filters = [argument for topic in topics for argument in ("-t", topic)]
        # 0x1F is part of no topic and, unescaped, of no JSON.
        layout = ["-q", "1", "-i", name, "-F", "\x1f%t\x1f%r\x1f%p"]
        self._process = subprocess.Popen(
            [executable("mosquitto_sub"), *broker.client_arguments(), *filters, *layout],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._changed = threading.Condition()
        self._received: list[tuple[str, bytes, bool]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        # mosquitto_sub does not flush what it says of itself, so the broker is asked.
        broker.wait_for_log(f"Sending SUBACK to {name}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def received(self) -> list[tuple[str, bytes, bool]]:
        """Topic, payload and whether it was a retained one, so far."""
        with self._changed:
            return list(self._received)

    def wait_for(self, count: int, *, topic: str | None = None) -> list[tuple[str, bytes, bool]]:
        """The messages (of one topic, where given), once there are `count`; fails when they do not come."""

        def chosen() -> list[tuple[str, bytes, bool]]:
            return [message for message in self._received if topic in {None, message[0]}]

        with self._changed:
            if not self._changed.wait_for(lambda: len(chosen()) >= count, DEADLINE_SECONDS):
                pytest.fail(f"{len(chosen())} messages instead of {count}: {self._received[-5:]}")
            return chosen()

    def close(self) -> None:
        """End the client."""
        self._process.kill()
        self._process.wait(DEADLINE_SECONDS)
        self._reader.join(DEADLINE_SECONDS)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout:
            for line in self._process.stdout:
                if line.startswith(b"\x1f"):
                    topic, retained, payload = line[1:].rstrip(b"\n").split(b"\x1f", 2)
                    with self._changed:
                        self._received.append((topic.decode(), payload, retained == b"1"))
                        self._changed.notify_all()
