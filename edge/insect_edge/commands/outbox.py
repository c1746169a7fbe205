"""`insect-edge outbox`: what waits for the broker, what it would not take, and what to do with that."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from insect_edge.composition.folders import outbox_folder
from insect_edge.config.file import load_config
from insect_edge.errors import EXIT_OK
from insect_edge.mqtt.fields import rfc3339
from insect_edge.outbox import inspection

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.outbox.inspection import Letter

_SEQ = click.IntRange(1, 2**63 - 1)


def _places(function: Callable[..., int]) -> Callable[..., int]:
    """The options that say which outbox is meant."""
    config = click.option(
        "--config", type=click.Path(path_type=Path), help="The daemon's configuration file, which says where it is."
    )
    directory = click.option("--directory", type=click.Path(path_type=Path), help="The outbox's folder itself.")
    return config(directory(function))


def _folder(config: Path | None, directory: Path | None) -> Path:
    if directory is not None and config is None:
        return directory
    if config is not None and directory is None:
        return outbox_folder(load_config(config))
    raise click.UsageError("say which outbox: either --config FILE or --directory FOLDER")


@click.group(name="outbox")
def command() -> None:
    """See what waits for the broker, and what it would not take; also while the daemon runs."""


@command.command(name="list")
@_places
@click.option("--limit", type=click.IntRange(0), default=100, show_default=True, help="Messages shown at most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def list_command(*, config: Path | None, directory: Path | None, limit: int, as_json: bool) -> int:
    """List what waits, in the order it will be sent, then the dead letters with their reasons."""
    folder = _folder(config, directory)
    found = inspection.contents(folder, limit=limit)
    if as_json:
        waiting = {"alerts": found.alerts, "detections": found.detections, "size_bytes": found.size_bytes}
        messages = [_summary(letter) for letter in found.letters]
        click.echo(_json({"folder": str(folder), "waiting": waiting, "dead_letters": found.dead, "messages": messages}))
        return EXIT_OK
    click.echo(f"{found.alerts} alerts and {found.detections} detections wait, {found.dead} dead letters")
    for letter in found.letters:
        state = "waits" if letter.reason is None else "dead"
        kind = letter.kind or "damaged"
        line = f"{letter.seq:>8}  {kind:<9}  {state:<5}  {_queued(letter):<24}  {letter.size_bytes:>6} bytes"
        click.echo(f"{line}  {letter.reason or letter.topic}")
    hidden = found.alerts + found.detections + found.dead - len(found.letters)
    if hidden:
        click.echo(f"… and {hidden} more: --limit shows them")
    return EXIT_OK


@command.command(name="show")
@_places
@click.argument("seq", type=_SEQ)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def show_command(*, config: Path | None, directory: Path | None, seq: int, as_json: bool) -> int:
    """Show the message with the number SEQ, payload and all."""
    letter = inspection.letter(_folder(config, directory), seq)
    facts = _summary(letter) | {
        "qos": letter.qos,
        "retain": letter.retain,
        "content_type": letter.content_type,
        "expiry_seconds": letter.expiry_seconds,
        "boot_id": letter.boot_id,
        "monotonic": letter.monotonic,
        "intact": letter.intact,
    }
    if as_json:
        click.echo(_json(facts | _payload(letter)))
        return EXIT_OK
    for name, value in facts.items():
        click.echo(f"{name:<15}{'-' if value is None else json.dumps(value).strip(chr(34))}")
    click.echo(f"\n{letter.payload.decode('utf-8', errors='backslashreplace')}")
    return EXIT_OK


@command.command(name="retry")
@_places
@click.argument("seqs", metavar="SEQ...", type=_SEQ, nargs=-1, required=True)
def retry_command(*, config: Path | None, directory: Path | None, seqs: tuple[int, ...]) -> int:
    """Put the dead letters with these numbers back into the queue, unchanged; a running daemon sends them soon."""
    inspection.retry(_folder(config, directory), seqs)
    click.echo(f"{len(set(seqs))} put back into the queue")
    return EXIT_OK


@command.command(name="purge")
@_places
@click.option("--dead", "extent", flag_value="dead", default=True, help="The dead letters alone (the default).")
@click.option("--all", "extent", flag_value="all", help="Also what waits: it will never be sent.")
def purge_command(*, config: Path | None, directory: Path | None, extent: str) -> int:
    """Delete dead letters; they stay counted."""
    dead, dropped = inspection.purge(_folder(config, directory), waiting=extent == "all")
    click.echo(f"{dead} dead letters deleted" + (f", {dropped} waiting messages dropped" if extent == "all" else ""))
    return EXIT_OK


def _queued(letter: Letter) -> str:
    return "clock not set" if letter.queued is None else rfc3339(letter.queued)


def _summary(letter: Letter) -> dict[str, Any]:
    return {
        "seq": letter.seq,
        "kind": letter.kind,
        "kind_seq": letter.kind_seq,
        "state": "waiting" if letter.reason is None else "dead",
        "queued": None if letter.queued is None else rfc3339(letter.queued),
        "size_bytes": letter.size_bytes,
        "topic": letter.topic,
        "reason": letter.reason,
    }


def _payload(letter: Letter) -> dict[str, Any]:
    """The payload as what it is: JSON, or bytes in Base64."""
    try:
        return {"payload": json.loads(letter.payload)}
    except ValueError:
        return {"payload_base64": base64.b64encode(letter.payload).decode("ascii")}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
