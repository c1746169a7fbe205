"""A little certificate authority for tests, made with the openssl command."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support.tools import DEADLINE_SECONDS, executable

if TYPE_CHECKING:
    from pathlib import Path


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
