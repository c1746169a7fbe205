"""Features outlive the run that computed them, and are used for nothing they do not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter.suspects.store import Features, FeatureStore

if TYPE_CHECKING:
    from pathlib import Path


def features(number: int) -> Features:
    """Some that can be told from others."""
    return Features(vector=np.arange(number, number + 4, dtype=np.float16), difference_hash=2**63 + number)


def filled(path: Path, *, count: int = 3) -> FeatureStore:
    """A saved store of as many photographs, called `0`, `1` and so on."""
    store = FeatureStore(path, key="a")
    for number in range(count):
        store.put(str(number), features(number))
    store.save()
    return store


def test_what_was_saved_is_there_again(tmp_path: Path) -> None:
    """Vectors come back to the bit, hashes with all 64 of theirs; what was never put is not there."""
    filled(tmp_path / "f.npz")
    store = FeatureStore(tmp_path / "f.npz", key="a")
    found = store.get("2")
    assert found is not None
    np.testing.assert_array_equal(found.vector, features(2).vector)
    assert found.difference_hash == 2**63 + 2
    assert store.get("3") is None


def test_another_key_uses_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What another backbone saw is computed again, and the user is told why it takes a while."""
    filled(tmp_path / "f.npz")
    assert FeatureStore(tmp_path / "f.npz", key="b").get("2") is None
    assert "f.npz: of another backbone" in capsys.readouterr().err


@pytest.mark.parametrize("kept", [0, 10, 300])
def test_a_damaged_file_is_started_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str], kept: int) -> None:
    """An empty or truncated file costs time, not the run."""
    filled(tmp_path / "f.npz")
    (tmp_path / "f.npz").write_bytes((tmp_path / "f.npz").read_bytes()[:kept])
    store = FeatureStore(tmp_path / "f.npz", key="a")
    assert store.get("2") is None
    assert "damaged" in capsys.readouterr().err
    filled(tmp_path / "f.npz")
    assert FeatureStore(tmp_path / "f.npz", key="a").get("2") is not None


def test_a_write_that_fails_leaves_the_earlier_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs the new features only, and nothing half-written lies about."""
    store = filled(tmp_path / "f.npz")
    store.put("9", features(9))

    def refuse(file: object, **_: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", refuse)
    with pytest.raises(OSError, match="No space left"):
        store.save()
    assert [path.name for path in tmp_path.iterdir()] == ["f.npz"]
    again = FeatureStore(tmp_path / "f.npz", key="a")
    assert again.get("2") is not None
    assert again.get("9") is None


def test_nothing_new_is_not_written(tmp_path: Path) -> None:
    """A store to which nothing came makes no file."""
    FeatureStore(tmp_path / "f.npz", key="a").save()
    assert not (tmp_path / "f.npz").exists()
