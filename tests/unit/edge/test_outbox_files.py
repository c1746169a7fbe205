"""A damaged database is put away with its log, or not at all, whenever the power fails."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.errors import OutboxError
from insect_edge.outbox import files as outbox_files
from insect_edge.outbox.queue import Outbox
from support.outbox_world import BOUNDLESS, draft, everything, seqs

DAMAGED_LOG = f"{outbox_files.DAMAGED}-wal"
LINK = os.link
STEPS = ("before", "linked", "renamed", "done")


def kept_logs(folder: Path) -> list[Path]:
    """Logs of databases that people may want to look at."""
    return sorted(folder.glob("outbox.damaged-*.db-wal"))


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """The folder of a damaged outbox of three messages, two of them in its log alone, that waits to be looked into."""
    live, folder = tmp_path / "live", tmp_path / "folder"
    with closing(Outbox.open(live, clock=FakeClock(), limits=BOUNDLESS)) as outbox:
        outbox.put([draft()])
        outbox._store.empty_log()
        outbox.put([draft(), draft()])
        shutil.copytree(live, folder)
    outbox_files.move(folder / outbox_files.DATABASE, folder / outbox_files.DAMAGED)
    return folder


@pytest.mark.parametrize("step", STEPS)
def test_a_kept_database_has_its_log(damaged: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Killed in whatever moment of it, the next start ends with both under one name, and every message once."""
    images: dict[str, Path] = {}

    def shoot(name: str) -> None:
        images.setdefault(name, damaged.with_name(name))
        shutil.rmtree(images[name], ignore_errors=True)
        _copy_with_links(damaged, images[name])

    replace = Path.replace

    def linked(source: Path, target: Path) -> None:
        shoot("before")
        LINK(source, target)
        shoot("linked")

    def replaced(source: Path, target: Path) -> Path:
        result = replace(source, target)
        if source.name == outbox_files.DAMAGED:
            shoot("renamed")
        return result

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", linked)
        patch.setattr(Path, "replace", replaced)
        Outbox.open(damaged, clock=FakeClock(), limits=BOUNDLESS).close()
    shoot("done")
    with closing(Outbox.open(images[step], clock=FakeClock(), limits=BOUNDLESS)) as outbox:
        assert seqs(everything(outbox)) == [1, 2, 3]
        assert outbox.status().rescues == 1
    (log,) = kept_logs(images[step])
    assert log.with_name(log.name.removesuffix("-wal")).exists()
    assert not (images[step] / DAMAGED_LOG).exists()
    assert not (images[step] / outbox_files.DAMAGED).exists()


def test_without_links_it_is_kept_all_the_same(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that knows none costs nothing but that safety."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with closing(Outbox.open(damaged, clock=FakeClock(), limits=BOUNDLESS)) as outbox:
        assert seqs(everything(outbox)) == [1, 2, 3]
    assert len(kept_logs(damaged)) == 1


def test_a_log_without_its_database_goes(tmp_path: Path) -> None:
    """Whoever deleted the database alone has no use for the rest."""
    whole = [tmp_path / f"outbox.damaged-20260601T120000Z.db{ending}" for ending in outbox_files.COMPANIONS]
    lone = [tmp_path / f"outbox.damaged-20260602T120000Z.db{ending}" for ending in outbox_files.COMPANIONS[1:]]
    for path in (*whole, *lone):
        path.touch()
    outbox_files.thin_out(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(whole)


def test_kept_databases_that_cannot_be_looked_at_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A card that gives back no times is the outbox's own error, not a crash."""
    (tmp_path / "outbox.damaged-20260601T120000Z.db").touch()

    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "stat", fail)
    with pytest.raises(OutboxError, match="check the folder, its owner and the disk"):
        outbox_files.thin_out(tmp_path)


def _copy_with_links(source: Path, target: Path) -> None:
    """Copy a folder; names of one file stay names of one file."""
    target.mkdir()
    copies: dict[int, Path] = {}
    for path in sorted(source.iterdir()):
        copy = target / path.name
        number = path.stat().st_ino
        if number in copies:
            LINK(copies[number], copy)
        else:
            shutil.copy2(path, copy)
            copies[number] = copy
