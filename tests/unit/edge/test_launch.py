"""One start of the daemon with the model that is used."""

from __future__ import annotations

import fcntl
import math
from typing import TYPE_CHECKING, Any

import pytest

from insect_edge.adapters.fake_clock import FakeClock
from insect_edge.errors import ConfigError, ModelError
from insect_edge.models import switching
from insect_edge.models.launch import Launch
from insect_edge.models.store import ModelStore
from insect_edge.models.switching import BUILT_IN, PATIENCE_SECONDS, Switch

if TYPE_CHECKING:
    from pathlib import Path


def loads() -> Any:
    """A model that loads."""
    return "classifier"


def broken() -> Any:
    """A model that does not verify."""
    raise ModelError("sha256 is 1, the card says 2")


def unfit() -> Any:
    """A model without a label that the configuration names."""
    raise ConfigError("[policy.roles] snail: no such label")


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    """One in which somebody has just chosen the model `new`."""
    made = ModelStore(tmp_path)
    made.change(lambda state: switching.use(state, "new"))
    return made


def start(store: ModelStore, clock: FakeClock | None = None) -> Launch:
    """A daemon that begins."""
    return Launch(store, clock=clock or FakeClock())


def test_the_start_is_on_the_disk_before_the_model_is_loaded(store: ModelStore) -> None:
    """A model that kills the process has been counted by then."""
    launch = start(store)
    seen: list[int] = []

    def make() -> Any:
        seen.append(ModelStore(store.folder).switch().attempts)

    launch.load(make)
    assert (launch.name, seen) == ("new", [1])


def test_three_broken_starts_bring_the_one_before_back(store: ModelStore, caplog: pytest.LogCaptureFixture) -> None:
    """The fourth start says so loudly, and every one after it once more, until somebody chooses again."""
    for _ in range(3):
        with pytest.raises(ModelError, match="the card says 2"):
            start(store).load(broken)
    fourth = start(store)
    assert (fourth.name, fourth.rolled_back) == (BUILT_IN, True)
    assert "model new is given up: it failed to start 3 times in a row; built-in is used instead" in caplog.text
    assert caplog.records[-1].levelname == "ERROR"
    assert fourth.load(loads) == "classifier"
    fourth.ready()
    fifth = start(store)
    assert (fifth.name, fifth.rolled_back) == (BUILT_IN, True)
    assert "model new was given up" in caplog.messages[-1]
    store.change(lambda state: switching.use(state, "new"))
    assert not start(store).rolled_back


def test_ready_ends_the_trial(store: ModelStore, caplog: pytest.LogCaptureFixture) -> None:
    """Told as often as you like, it is written once."""
    caplog.set_level("INFO")
    launch = start(store)
    launch.load(loads)
    before = (store.folder / "switch.json").stat().st_ino
    launch.ready()
    after = (store.folder / "switch.json").stat().st_ino
    launch.ready()
    assert (store.folder / "switch.json").stat().st_ino == after != before
    assert store.switch() == Switch(current="new", previous=BUILT_IN, proven=True)
    assert "model new has proven itself" in caplog.messages


def test_a_daemon_on_trial_has_ten_minutes_over_all_its_starts(store: ModelStore) -> None:
    """So long it may wait for its first frame; a proven one as long as it likes."""
    clock = FakeClock()
    launch = start(store, clock)
    assert launch.patience == PATIENCE_SECONDS
    clock.advance(PATIENCE_SECONDS - 20)
    assert start(store, clock).patience == 20
    clock.advance(19.9)
    assert launch.patience == 1
    launch.ready()
    assert start(store, clock).patience == math.inf


def test_a_stop_in_order_forgives(store: ModelStore) -> None:
    """Before it was ready; afterwards there is nothing to forgive."""
    for _ in range(5):
        launch = start(store)
        launch.load(loads)
        launch.ended()
    assert store.switch().attempts == 0
    launch.ready()
    launch.ended()
    assert store.switch().proven


def test_a_model_on_trial_that_does_not_fit_is_the_models_fault(store: ModelStore) -> None:
    """With the exit code of a wrong configuration the service would stay down, and the trial would never end."""
    launch = start(store)
    with pytest.raises(ModelError, match=r"no such label .the model new does not fit this configuration"):
        launch.load(unfit)
    launch.load(loads)
    launch.ready()
    with pytest.raises(ConfigError):
        start(store).load(unfit)


def test_a_wrong_configuration_never_gives_a_proven_model_up(store: ModelStore) -> None:
    """However often the daemon is started with it."""
    start(store).ready()
    for _ in range(5):
        with pytest.raises(ConfigError):
            start(store).load(unfit)
    assert store.switch() == Switch(current="new", previous=BUILT_IN, proven=True)


def test_a_model_that_the_configuration_names_is_nobodys_trial() -> None:
    """Nothing is counted and nothing switched."""
    launch = Launch(None, clock=FakeClock())
    assert (launch.name, launch.patience, launch.rolled_back) == (None, math.inf, False)
    with pytest.raises(ConfigError):
        launch.load(unfit)
    launch.ready()
    launch.ended()


def test_where_nothing_was_ever_chosen_nothing_is_written(tmp_path: Path) -> None:
    """Most devices use the built-in model for ever."""
    launch = start(ModelStore(tmp_path / "models"))
    assert launch.name == BUILT_IN
    launch.load(loads)
    launch.ready()
    launch.ended()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_state_costs_the_choice_not_the_start(store: ModelStore, caplog: pytest.LogCaptureFixture) -> None:
    """The built-in model is used, and the log says what to do."""
    (store.folder / "switch.json").write_text("[]", encoding="utf-8")
    launch = start(store)
    assert launch.name == BUILT_IN
    assert "choose a model with insect-edge model use; until then the built-in model is used" in caplog.text
    launch.load(loads)
    launch.ready()


def test_a_locked_store_costs_the_counting(
    store: ModelStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever keeps it locked, the daemon goes on before its watchdog takes it for stuck."""
    monkeypatch.setattr("insect_edge.models.launch._LOCK_SECONDS", 0.1)
    with (store.folder / "lock").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        launch = start(store)
        assert (launch.name, launch.load(loads)) == ("new", "classifier")
        launch.ready()
    assert "another process has kept it locked for 0.1 s; starts with this model are not counted" in caplog.text
    assert "the model's state is not kept" in caplog.text


def test_a_disk_that_cannot_be_written_costs_the_counting(
    store: ModelStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chosen model is loaded all the same."""

    def full(*_: Any) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("insect_edge.models.owned._write_synced", full)
    launch = start(store)
    assert (launch.name, launch.load(loads)) == ("new", "classifier")
    launch.ready()
    assert "Read-only file system" in caplog.text
    assert "starts with this model are not counted" in caplog.text
