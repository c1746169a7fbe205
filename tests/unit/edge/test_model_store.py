"""The folder of bundles."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from insect_edge.errors import ModelError, StateError
from insect_edge.models import owned, switching
from insect_edge.models.store import ModelStore, name_of
from insect_edge.models.switching import Switch
from support import tiny_model

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Those of a sound bundle called tiny-garden-v1."""
    folder = tiny_model.write_bundle(tmp_path_factory.mktemp("bundle") / "bundle")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def passed(_: Path) -> None:
    """Every bundle is sound."""


def refused(_: Path) -> None:
    """No bundle is."""
    raise ModelError("the golden vector gave nonsense")


def leftovers(folder: Path) -> list[str]:
    """Hidden files of whatever was under way."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """Looking makes nothing."""
    store = ModelStore(tmp_path / "models")
    assert (store.names(), store.switch()) == ((), Switch())
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_that_passes_is_there_whole(tmp_path: Path, files: dict[str, bytes]) -> None:
    """Under the name on its card, and checked before it had that name."""
    store = ModelStore(tmp_path / "models")
    seen: list[Path] = []
    assert store.add(files, check=seen.append) == ("tiny-garden-v1", True)
    assert {path.name: path.read_bytes() for path in store.path("tiny-garden-v1").iterdir()} == files
    assert seen[0].name.startswith(".incoming-")
    assert store.names() == ("tiny-garden-v1",)
    assert leftovers(store.folder) == []


def test_of_a_bundle_that_is_refused_nothing_stays(tmp_path: Path, files: dict[str, bytes]) -> None:
    """The reason comes through."""
    store = ModelStore(tmp_path)
    with pytest.raises(ModelError, match="nonsense"):
        store.add(files, check=refused)
    assert store.names() == ()
    assert leftovers(tmp_path) == []


def test_what_a_cut_installation_left_is_cleared_away(tmp_path: Path, files: dict[str, bytes]) -> None:
    """By the next one."""
    (tmp_path / ".incoming-x").mkdir()
    (tmp_path / ".incoming-x" / "model.tflite").write_bytes(b"half")
    store = ModelStore(tmp_path)
    assert store.names() == ()
    store.add(files, check=passed)
    assert leftovers(tmp_path) == []


def test_the_same_again_is_no_news_and_another_of_that_name_is_refused(tmp_path: Path, files: dict[str, bytes]) -> None:
    """Only --replace puts one in place of another."""
    store = ModelStore(tmp_path)
    store.add(files, check=passed)
    assert store.add(files, check=passed) == ("tiny-garden-v1", False)
    other = files | {"model.tflite": b"other"}
    with pytest.raises(ModelError, match=r"another bundle of this name is there: .*--replace"):
        store.add(other, check=passed)
    assert store.add(other, check=passed, replace=True) == ("tiny-garden-v1", True)
    assert (store.path("tiny-garden-v1") / "model.tflite").read_bytes() == b"other"
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("name", ["../evil", "", "a/b", ".hidden", "built-in", "switch.json", "lock", "x" * 65, "ä"])
def test_names_are_those_of_plain_folders(files: dict[str, bytes], name: str) -> None:
    """Whatever a card calls itself, it does not lead out of the folder."""
    card = files["card.json"].replace(b'"tiny-garden-v1"', f'"{name}"'.encode())
    with pytest.raises(ModelError, match="must be 1 to 64 letters"):
        name_of({"card.json": card})


def test_an_unknown_name_is_told_with_those_there_are(tmp_path: Path, files: dict[str, bytes]) -> None:
    """Nobody needs to look them up."""
    store = ModelStore(tmp_path)
    store.add(files, check=passed)
    for name in ("tiny", "../x"):
        with pytest.raises(ModelError, match="no such model: there are built-in, tiny-garden-v1"):
            store.path(name)


def test_a_change_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    """Another process sees it at once; nothing half-written is left."""
    store = ModelStore(tmp_path / "models")
    changed = store.change(lambda state: switching.use(state, "a"))
    assert ModelStore(tmp_path / "models").switch() == changed
    assert sorted(path.name for path in store.folder.iterdir()) == ["lock", "switch.json"]


def test_what_does_not_change_is_not_written(tmp_path: Path) -> None:
    """An SD card is not worn for nothing."""
    store = ModelStore(tmp_path)
    store.change(lambda state: state)
    assert not (tmp_path / "switch.json").exists()


def test_changes_do_not_overtake_each_other(tmp_path: Path) -> None:
    """Each builds on the one before, from however many sides they come."""
    store = ModelStore(tmp_path)

    def count() -> None:
        for _ in range(20):
            ModelStore(tmp_path).change(lambda state: Switch(attempts=state.attempts + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.switch().attempts == 80


def test_a_power_cut_leaves_the_old_state_or_the_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the new file is not whole, the old one counts."""
    store = ModelStore(tmp_path)
    store.change(lambda state: switching.use(state, "a"))

    def cut(_: object, __: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(owned, "_write_synced", cut)
    with pytest.raises(StateError, match="No space left"):
        store.change(lambda state: switching.use(state, "b"))
    assert store.switch().current == "a"


def test_a_damaged_state_is_told_and_can_be_begun_afresh(tmp_path: Path) -> None:
    """A choice mends it; nothing else writes over it."""
    (tmp_path / "switch.json").write_text("{", encoding="utf-8")
    store = ModelStore(tmp_path)
    with pytest.raises(StateError, match="choose a model with insect-edge model use"):
        store.switch()
    with pytest.raises(StateError):
        store.change(lambda state: state)
    assert store.change(lambda state: switching.use(state, "a"), afresh=True).current == "a"
    assert store.switch().current == "a"


def test_what_root_installs_belongs_to_the_service(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything made is handed to the owner of the folder it is made in."""
    given: list[tuple[int, int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", lambda file, uid, gid: given.append((os.fstat(file).st_ino, uid, gid)))
    store = ModelStore(tmp_path / "models")
    store.add(files, check=passed)
    store.change(lambda state: switching.use(state, "a"))
    owner = tmp_path.stat()
    made = [store.folder, *store.folder.rglob("*")]
    assert len(made) == 4 + len(files)
    assert {number for number, _, _ in given} == {path.stat().st_ino for path in made}
    assert {(uid, gid) for _, uid, gid in given} == {(owner.st_uid, owner.st_gid)}


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    """A file in its way, say."""
    (tmp_path / "models").touch()
    with pytest.raises(StateError, match="cannot be written"):
        ModelStore(tmp_path / "models").change(lambda state: switching.use(state, "a"))


def test_nobody_waits_for_a_check(tmp_path: Path, files: dict[str, bytes]) -> None:
    """It takes up to two minutes, in which the daemon has long to be ready."""
    store = ModelStore(tmp_path)

    def meanwhile(_: Path) -> None:
        ModelStore(tmp_path).change(lambda state: switching.use(state, "a"), patience=0)

    store.add(files, check=meanwhile)
    store.add(files, check=meanwhile)
    assert (store.names(), store.switch().current) == (("tiny-garden-v1",), "a")


def test_installations_wait_for_each_other(tmp_path: Path, files: dict[str, bytes]) -> None:
    """The second must not clear away what the first is still checking."""
    store = ModelStore(tmp_path)
    second = threading.Thread(target=lambda: ModelStore(tmp_path).add(files, check=passed))

    def slow(incoming: Path) -> None:
        second.start()
        second.join(0.2)
        assert second.is_alive()
        assert (incoming / "card.json").is_file()

    store.add(files, check=slow)
    second.join()
    assert store.names() == ("tiny-garden-v1",)


def test_a_bundle_that_was_moved_aside_comes_back(tmp_path: Path, files: dict[str, bytes]) -> None:
    """A power cut between the two renames costs the new bundle, never both."""
    store = ModelStore(tmp_path)
    store.add(files, check=passed)
    aside = tmp_path / ".replaced-tiny-garden-v1"
    store.path("tiny-garden-v1").rename(aside)
    store.change(lambda state: state)
    store.path("tiny-garden-v1").rename(aside)
    with pytest.raises(ModelError, match="another bundle of this name"):
        store.add(files | {"model.tflite": b"other"}, check=passed)
    assert {path.name: path.read_bytes() for path in store.path("tiny-garden-v1").iterdir()} == files
    assert leftovers(tmp_path) == []


def test_a_replacement_that_fails_half_way_leaves_the_old_bundle(
    tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, not only with the next command."""
    store = ModelStore(tmp_path)
    store.add(files, check=passed)
    rename = type(tmp_path).rename

    def failing(path: Path, target: Path) -> Path:
        if path.name.startswith(".incoming-"):
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(type(tmp_path), "rename", failing)
    with pytest.raises(StateError, match="Input/output error"):
        store.add(files | {"model.tflite": b"other"}, check=passed, replace=True)
    assert (store.path("tiny-garden-v1") / "model.tflite").read_bytes() == files["model.tflite"]
    assert leftovers(tmp_path) == []


def test_a_link_in_the_place_of_the_lock_is_refused(tmp_path: Path) -> None:
    """Root would give away whatever it leads to."""
    (tmp_path / "passwd").write_text("root", encoding="utf-8")
    folder = tmp_path / "models"
    folder.mkdir()
    for target in ("passwd", "absent"):
        (folder / "lock").symlink_to(tmp_path / target)
        with pytest.raises(StateError, match=r"lock: is a link, .* delete it"):
            ModelStore(folder).change(lambda state: switching.use(state, "a"))
        (folder / "lock").unlink()
    assert not (tmp_path / "absent").exists()


def test_what_was_planted_is_neither_written_nor_given_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links where the state is written, another name of a secret as the lock."""
    secret = tmp_path / "passwd"
    secret.write_text("root", encoding="utf-8")
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("switch.json", "switch.json.new"):
        (folder / name).symlink_to(tmp_path / "absent")
    (folder / "lock").hardlink_to(secret)
    given: list[int] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda path, *_: given.append(os.stat(path).st_ino))  # noqa: PTH116 # any path
    monkeypatch.setattr(os, "fchown", lambda file, *_: given.append(os.fstat(file).st_ino))
    ModelStore(folder).change(lambda state: switching.use(state, "a"))
    assert (secret.read_text(encoding="utf-8"), (tmp_path / "absent").exists()) == ("root", False)
    assert secret.stat().st_ino not in given
    assert not (folder / "switch.json").is_symlink()
