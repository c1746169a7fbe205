"""The folder of bundles, and the file that says which of them is used. Everything is there whole or not at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from insect_edge import card as cards
from insect_edge.errors import ModelError, StateError
from insect_edge.model_bundle import CARD_FILE
from insect_edge.models import owned, switching
from insect_edge.models.switching import BUILT_IN, Switch, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SWITCH_FILE = "switch.json"
LOCK_FILE = "lock"
_INCOMING = ".incoming-"
_REPLACED = ".replaced-"
"""Followed by the name of the bundle that was moved aside."""
_WRITING = ".writing-"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class ModelStore:
    """The bundles of one device.

    Args:
        folder: where they lie; made with the first.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self._folder

    def names(self) -> tuple[str, ...]:
        """Of all installed bundles, sorted."""
        try:
            found = [entry.name for entry in self._folder.iterdir() if (entry / CARD_FILE).is_file()]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ModelError(f"{self._folder}: cannot be read ({error.strerror}): check its permissions") from error
        return tuple(sorted(name for name in found if _NAME.fullmatch(name)))

    def path(self, name: str) -> Path:
        """Where a bundle lies.

        Raises:
            ModelError: when it is not installed.
        """
        if name not in self.names():
            there = ", ".join((BUILT_IN, *self.names()))
            raise ModelError(f"{name}: no such model: there are {there}; insect-edge model install brings more")
        return self._folder / name

    def switch(self) -> Switch:
        """Which one is used.

        Raises:
            StateError: when the file cannot be read.
        """
        path = self._folder / SWITCH_FILE
        try:
            return from_json(json.loads(path.read_bytes()))
        except FileNotFoundError:
            return Switch()
        except OSError as error:
            raise StateError(f"{path}: cannot be read ({error.strerror}): check its permissions") from error
        except (ValueError, RecursionError) as error:
            raise StateError(f"{path}: {error}: choose a model with insect-edge model use") from error

    def change(
        self, function: Callable[[Switch], Switch], *, afresh: bool = False, patience: float | None = None
    ) -> Switch:
        """Put what `function` makes of the state onto the disk, before this returns; nobody else can come in between.

        Args:
            function: from the state to the next one.
            afresh: begin anew where the file is damaged.
            patience: seconds to wait for others; None for as long as it takes.

        Raises:
            StateError: when it cannot be read or written, or others kept it locked; nothing has changed then.
        """
        with self._locked(patience=patience):
            self._restore()
            try:
                before = self.switch()
            except StateError:
                if not afresh:
                    raise
                before = Switch()
            after = function(before)
            if after != before or afresh:
                self._write(after)
        return after

    def add(
        self, files: Mapping[str, bytes], *, check: Callable[[Path], None], replace: bool = False
    ) -> tuple[str, bool]:
        """Take a bundle in, once it has passed the check.

        Args:
            files: of the bundle, by name.
            check: raises where the bundle in a folder must not be taken.
            replace: take it in place of one of the same name, which then counts as proven no more.

        Returns:
            Its name, and whether it is new: False for one that was there, the same to the last byte.

        Raises:
            ModelError: when it is not taken; nothing of it stays.
        """
        name = name_of(files)
        target = self._folder / name
        with self._installing():
            with self._locked():
                self._clear_away()
            if target.exists():
                if _holds(target, files):
                    check(target)
                    return name, False
                if not replace:
                    raise ModelError(
                        f"{target}: another bundle of this name is there: give this one its own, or --replace"
                    )
            try:
                self._put(files, target=target, check=check)
            except OSError as error:
                raise ModelError(f"{target}: cannot be written ({error.strerror}): {_remedy(error)}") from error
        return name, True

    def _put(self, files: Mapping[str, bytes], *, target: Path, check: Callable[[Path], None]) -> None:
        incoming = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=self._folder))
        try:
            owned.fill(incoming, files, like=self._folder)
            check(incoming)
            with self._locked():
                self._take_place(incoming, target)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def _take_place(self, incoming: Path, target: Path) -> None:
        if target.exists():
            # Before the renames: cut off in between, the old bundle has to prove itself again, not the new one never.
            self._put_on_trial(target.name)
            target.rename(self._folder / f"{_REPLACED}{target.name}")
        try:
            incoming.rename(target)
            owned.sync_folder(self._folder)
        finally:
            self._restore()

    def _put_on_trial(self, name: str) -> None:
        with suppress(StateError):  # where nobody can tell which is used, none is
            before = self.switch()
            after = switching.replaced(before, name)
            if after != before:
                self._write(after)

    def _restore(self) -> None:
        """Bring back a bundle that was moved aside for one that never came; delete it where that one came."""
        for aside in self._folder.glob(f"{_REPLACED}*"):
            target = self._folder / aside.name.removeprefix(_REPLACED)
            if _NAME.fullmatch(target.name) and not target.exists():
                aside.rename(target)
                owned.sync_folder(self._folder)
            elif aside.is_symlink():
                aside.unlink()
            else:
                shutil.rmtree(aside, ignore_errors=True)

    def _clear_away(self) -> None:
        """What an installation or a change that was cut off left behind."""
        self._restore()
        for left in self._folder.glob(f"{_INCOMING}*"):
            shutil.rmtree(left, ignore_errors=True)
        for left in self._folder.glob(f"{_WRITING}*"):
            left.unlink(missing_ok=True)

    @contextmanager
    def _installing(self) -> Iterator[None]:
        """Nobody else installs meanwhile; a check may take minutes, so the daemon never waits for this one.

        What is locked is the folder itself: that needs no file of its own.
        """
        with self._told():
            owned.make_folder(self._folder)
            descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                owned.take_lock(descriptor, folder=self._folder, patience=None)
                yield
            finally:
                os.close(descriptor)

    @contextmanager
    def _locked(self, *, patience: float | None = None) -> Iterator[None]:
        """Nobody else changes anything meanwhile. The daemon waits for this: for moments only, never for a check."""
        with self._told():
            owned.make_folder(self._folder)
            descriptor = owned.open_lock(self._folder / LOCK_FILE)
            try:
                owned.take_lock(descriptor, folder=self._folder, patience=patience)
                yield
            finally:
                os.close(descriptor)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise StateError(
                f"{self._folder}: cannot be written: run this with sudo, or as the service's user"
            ) from error
        except OSError as error:
            raise StateError(f"{self._folder}: cannot be written ({error.strerror}): {_remedy(error)}") from error

    def _write(self, state: Switch) -> None:
        content = json.dumps(to_json(state), indent=2).encode()
        owned.put_in_place(self._folder / SWITCH_FILE, content, prefix=_WRITING)


def name_of(files: Mapping[str, bytes]) -> str:
    """The name a bundle gives itself.

    Raises:
        ModelError: when its card cannot be read, or the name is none for a folder.
    """
    name = cards.from_json(files[CARD_FILE].decode(errors="replace"), source=CARD_FILE).model_id
    if not _NAME.fullmatch(name) or name == BUILT_IN or name in {SWITCH_FILE, LOCK_FILE}:
        raise ModelError(
            f"model_id {name!r}: must be 1 to 64 letters, digits, dots, hyphens and underscores: rename it"
        )
    return name


def _holds(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Whether a bundle is the same to the last byte."""
    with suppress(OSError):
        return {path.name: path.read_bytes() for path in folder.iterdir()} == files
    return False


def _remedy(error: OSError) -> str:
    return "check its owner, and the room on the disk" if error.errno else "check the disk"
