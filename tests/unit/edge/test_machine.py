"""Facts of the machine, read from files like a Raspberry Pi's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from insect_edge.adapters import machine


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    """The root of a file system like that of a Raspberry Pi."""
    files = {
        "etc/os-release": "ID=debian\nVERSION_CODENAME=trixie\n",
        "etc/rpi-issue": "",
        "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
        "proc/self/mountinfo": "22 1 179:2 / / rw - ext4 /dev/mmcblk0p2 rw\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_a_board_names_itself(pi: Path) -> None:
    """The device tree's name ends with a null byte; the variant of the system is known by its own file."""
    found = machine.system(pi)
    assert found.board == "Raspberry Pi 5 Model B Rev 1.0"
    assert found.raspberry_pi_os
    assert found.release["VERSION_CODENAME"] == "trixie"


def test_elsewhere_there_is_no_board(tmp_path: Path) -> None:
    """Files that are not there are no facts."""
    found = machine.system(tmp_path)
    assert (found.board, found.raspberry_pi_os, found.release) == (None, False, {})


def test_the_disk_is_that_of_the_nearest_folder(pi: Path) -> None:
    """A state folder that is not made yet will lie where the one above it lies."""
    found = machine.disk(pi / "not" / "yet", pi)
    assert found.folder == str(pi)
    assert found.mount is not None
    assert found.mount.source == "/dev/mmcblk0p2"
    assert found.raspberry_pi
    assert found.free_bytes > 0


def test_devices_are_found_with_their_rights(tmp_path: Path) -> None:
    """Cameras, media devices and buffers; nothing else that is in /dev."""
    for name in ("video0", "media1", "dma_heap/system", "sda", "video10"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch(mode=0o600)
    found = machine.devices(tmp_path)
    assert [device.path for device in found] == ["/dev/dma_heap/system", "/dev/media1", "/dev/video0", "/dev/video10"]
    assert (found[0].mode, found[0].uid) == (0o600, os.geteuid())


def test_without_a_name_it_is_whoever_asks() -> None:
    """So it is for a name that the machine does not know."""
    assert machine.person().uid == os.geteuid()
    assert machine.person("nobody-of-that-name").uid == os.geteuid()


def test_a_service_has_further_groups() -> None:
    """What the unit gives its user counts like what the user has."""
    root = machine.person("root", further_groups="4711 root no-such-group")
    assert root.groups >= {0, 4711}


def test_the_services_surroundings_are_borrowed_and_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped service's secrets are found where systemd would take them from, under the names it would give them."""
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "insect-edge.mqtt-password").write_text("hunter2", encoding="utf-8")
    monkeypatch.setattr(machine, "STORES", (tmp_path / "store",))
    monkeypatch.setattr(machine, "CREDENTIALS", tmp_path / "run")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    lines = ("mqtt-password:insect-edge.mqtt-password", f"mqtt-ca:{tmp_path}/store/absent", "../x:y")
    text = "[Service]\n" + "".join(f"LoadCredential={line}\n" for line in lines)
    monkeypatch.setattr(machine, "_systemctl", lambda verb: {"cat": text}[verb])
    shown = {"LoadState": "loaded", "StateDirectory": str(tmp_path)}
    with machine.surroundings_of(shown):
        folder = Path(os.environ["CREDENTIALS_DIRECTORY"])
        assert [path.name for path in folder.iterdir()] == ["mqtt-password"]
        assert (folder / "mqtt-password").read_text(encoding="utf-8") == "hunter2"
        assert os.environ["STATE_DIRECTORY"] == str(tmp_path)
    assert not folder.exists()
    assert not {"CREDENTIALS_DIRECTORY", "STATE_DIRECTORY"} & os.environ.keys()


def test_a_running_services_own_secrets_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what the environment says already is left as it is."""
    (tmp_path / "insect-edge.service").mkdir()
    monkeypatch.setattr(machine, "CREDENTIALS", tmp_path)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setenv("STATE_DIRECTORY", "/mine")
    with machine.surroundings_of({"LoadState": "loaded", "StateDirectory": str(tmp_path)}):
        assert os.environ["CREDENTIALS_DIRECTORY"] == str(tmp_path / "insect-edge.service")
        assert os.environ["STATE_DIRECTORY"] == "/mine"


@pytest.mark.parametrize("shown", [None, {"LoadState": "not-found", "StateDirectory": "x"}])
def test_where_there_is_no_service_nothing_is_borrowed(
    shown: dict[str, str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's own folders count then."""
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    with machine.surroundings_of(shown):
        assert "STATE_DIRECTORY" not in os.environ


def test_a_service_hides_its_secrets_from_everybody_but_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is none, nothing is hidden."""
    for uid, hidden in ((1000, True), (0, False)):
        monkeypatch.setattr(os, "geteuid", lambda uid=uid: uid)
        assert machine.hides_from_us({"LoadState": "loaded"}) is hidden
        assert not machine.hides_from_us({"LoadState": "not-found"})
        assert not machine.hides_from_us(None)
