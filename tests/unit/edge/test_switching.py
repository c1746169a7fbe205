"""Which model is used, and when one is given up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from insect_edge.errors import ModelError, StateError
from insect_edge.models import switching
from insect_edge.models.switching import BUILT_IN, FAILED_STARTS, PATIENCE_SECONDS, GivenUp, Start, Switch

NAMES = st.sampled_from(["a", "b", "c", BUILT_IN])


def at(seconds: float, boot: str = "boot-1") -> Start:
    """A start."""
    return Start(boot_id=boot, monotonic=seconds)


def failed_starts(state: Switch, count: int, *, every: float = 1.0) -> Switch:
    """So many starts of which nothing more is heard."""
    for number in range(count):
        state = switching.begin(state, at(number * every))
    return state


CHOSEN = switching.use(Switch(), "a")


def test_a_model_on_trial_has_three_starts() -> None:
    """The fourth takes the one before it and says what was given up and why."""
    third = failed_starts(CHOSEN, FAILED_STARTS)
    assert (third.current, third.attempts, third.given_up) == ("a", 3, None)
    fourth = switching.begin(third, at(4))
    assert (fourth.current, fourth.proven, fourth.attempts) == (BUILT_IN, True, 1)
    assert fourth.given_up == GivenUp(model="a", reason="it failed to start 3 times in a row")


def test_a_model_on_trial_has_to_become_ready_not_only_to_load() -> None:
    """One that answers its golden vector and then breaks the daemon is given up like any other."""
    state = CHOSEN
    for number in range(FAILED_STARTS):
        state = switching.loaded(switching.begin(state, at(number)), "a")
    assert switching.begin(state, at(9)).current == BUILT_IN


def test_a_start_that_succeeds_ends_the_trial() -> None:
    """From then on it is the one that others fall back on."""
    proven = switching.ready(failed_starts(CHOSEN, 2), "a")
    assert (proven.proven, proven.attempts) == (True, 0)
    assert switching.use(proven, "b").previous == "a"


def test_ten_minutes_are_enough() -> None:
    """Whatever it did meanwhile, a model with which no daemon became ready in time is given up at the next start."""
    started = switching.begin(CHOSEN, at(100))
    assert switching.seconds_left(started, at(100 + PATIENCE_SECONDS - 1)) == 1
    assert switching.seconds_left(started, at(100 + 2 * PATIENCE_SECONDS)) == 0
    assert switching.begin(started, at(100 + PATIENCE_SECONDS - 1)).current == "a"
    late = switching.begin(started, at(100 + PATIENCE_SECONDS))
    assert late.current == BUILT_IN
    assert late.given_up is not None
    assert "within 10 minutes" in late.given_up.reason


def test_another_boot_has_another_clock() -> None:
    """The ten minutes begin anew with it, the three starts do not."""
    started = switching.begin(CHOSEN, at(100))
    again = switching.begin(started, at(100 + PATIENCE_SECONDS, boot="boot-2"))
    assert (again.current, again.attempts, again.first_start) == ("a", 2, at(100 + PATIENCE_SECONDS, boot="boot-2"))


def test_a_proven_model_is_not_blamed_for_the_camera() -> None:
    """Once it is loaded, what fails afterwards does not count, however often."""
    state = switching.ready(switching.begin(CHOSEN, at(0)), "a")
    for number in range(20):
        state = switching.loaded(switching.begin(state, at(number * PATIENCE_SECONDS)), "a")
    assert (state.current, state.given_up) == ("a", None)


def test_a_proven_model_that_cannot_be_loaded_any_more_is_given_up() -> None:
    """A card that forgets damages bundles too; at last there is the built-in one."""
    state = replace(switching.ready(CHOSEN, "a"), previous=None)
    assert failed_starts(state, FAILED_STARTS + 1).current == BUILT_IN


def test_the_last_model_of_all_is_never_given_up() -> None:
    """There is nothing instead of it."""
    assert failed_starts(Switch(), 50) == Switch(attempts=50)


def test_a_stop_before_it_was_ready_does_not_count() -> None:
    """A person who stops the service says nothing about the model."""
    state = CHOSEN
    for number in range(20):
        state = switching.abandoned(switching.begin(state, at(number)), "a")
    assert (state.current, state.attempts) == ("a", 0)


def test_what_a_daemon_says_of_another_model_does_not_count() -> None:
    """Somebody chose another one while it ran."""
    state = switching.use(switching.begin(CHOSEN, at(0)), "b")
    for told in (switching.ready, switching.loaded, switching.abandoned):
        assert told(state, "a") == state


def test_choosing_again_forgives() -> None:
    """The same model gets three new starts, and what was given up is forgotten."""
    state = replace(failed_starts(CHOSEN, 2), given_up=GivenUp(model="x", reason="y"))
    again = switching.use(state, "a")
    assert (again.attempts, again.given_up, again.proven) == (0, None, False)


def test_going_back_needs_somewhere_to_go() -> None:
    """Back and back again is where one was, if that was proven."""
    with pytest.raises(ModelError, match="no model before built-in: choose one"):
        switching.back(Switch())
    state = switching.back(switching.ready(CHOSEN, "a"))
    assert (state.current, state.previous, state.proven) == (BUILT_IN, "a", True)
    assert switching.back(state).current == "a"
    assert switching.back(CHOSEN) == Switch()


@given(
    st.builds(
        Switch,
        current=NAMES,
        previous=st.none() | NAMES,
        proven=st.booleans(),
        attempts=st.integers(0, 99),
        first_start=st.none() | st.builds(Start, boot_id=st.text(), monotonic=st.floats(0, 1e9)),
        given_up=st.none() | st.builds(GivenUp, model=NAMES, reason=st.text()),
    )
)
def test_what_is_written_is_read_again(state: Switch) -> None:
    """The file loses nothing."""
    assert switching.from_json(json.loads(json.dumps(switching.to_json(state)))) == state


@pytest.mark.parametrize(
    "change",
    [{"format": 2}, {"current": None}, {"attempts": "x"}, {"first_start": {}}, {"given_up": 3}, {"previous": 7}],
)
def test_what_is_not_understood_is_an_error(change: dict[str, object]) -> None:
    """A damaged file is not guessed at."""
    with pytest.raises(StateError, match=r"not understood|format 2, this program reads 1"):
        switching.from_json(switching.to_json(Switch()) | change)


@pytest.mark.parametrize("content", [None, [], "x", {}, {"format": 1}])
def test_what_is_no_state_is_an_error(content: object) -> None:
    """Whatever somebody wrote into the file."""
    with pytest.raises(StateError):
        switching.from_json(content)


class Life(RuleBasedStateMachine):
    """A device through months of choices, starts, crashes and reboots."""

    def __init__(self) -> None:
        super().__init__()
        self.state = Switch()
        self.boot = 1
        self.now = 0.0
        self.running = False
        self.was_ready = {BUILT_IN}
        self.failures = 0

    @rule(name=NAMES)
    def choose(self, name: str) -> None:
        """Somebody chooses."""
        self.state = switching.use(self.state, name)
        self.failures, self.running = 0, False

    @precondition(lambda self: self.state.previous is not None)
    @rule()
    def go_back(self) -> None:
        """Somebody goes back."""
        self.state = switching.back(self.state)
        self.failures, self.running = 0, False

    @rule(seconds=st.floats(0, 2 * PATIENCE_SECONDS))
    def start(self, seconds: float) -> None:
        """A daemon starts; whatever ran before has ended without a word."""
        before, self.now = self.state, self.now + seconds
        self.state = switching.begin(before, at(self.now, f"boot-{self.boot}"))
        if self.state.current != before.current:
            assert self.state.given_up is not None
            assert self.state.given_up.model == before.current
            assert self.failures >= FAILED_STARTS or not before.proven
            self.failures = 0
        else:
            # Nothing that there is something instead of fails more than three times in a row.
            assert self.failures < FAILED_STARTS or self.state.current == BUILT_IN
        self.failures += 1
        self.running = True

    @precondition(lambda self: self.running)
    @rule()
    def load(self) -> None:
        """The model is loaded."""
        self.state = switching.loaded(self.state, self.state.current)
        self.failures = 0 if self.state.proven else self.failures

    @precondition(lambda self: self.running)
    @rule()
    def become_ready(self) -> None:
        """The daemon is ready."""
        self.state = switching.ready(self.state, self.state.current)
        self.was_ready.add(self.state.current)
        self.failures = 0

    @precondition(lambda self: self.running)
    @rule()
    def stop(self) -> None:
        """It is stopped in order before it is ready."""
        self.state = switching.abandoned(self.state, self.state.current)
        self.failures, self.running = max(0, self.failures - 1), False

    @rule()
    def reboot(self) -> None:
        """The clock begins anew."""
        self.boot, self.now, self.running = self.boot + 1, 0.0, False

    @invariant()
    def one_falls_back_on_what_worked(self) -> None:
        """The model before is one that a daemon was ready with, and never the current one."""
        assert self.state.previous != self.state.current
        assert self.state.previous is None or self.state.previous in self.was_ready
        assert not self.state.proven or self.state.current in self.was_ready

    @invariant()
    def trials_end(self) -> None:
        """A model on trial always has one to fall back on."""
        assert self.state.proven or self.state.previous is not None or self.state.current != BUILT_IN


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_another_bundle_of_the_name_in_use_is_on_trial() -> None:
    """The one to go back to stays; of other names nothing is said."""
    state = Switch(current="a", previous="b", attempts=2)
    assert switching.replaced(state, "a") == Switch(current="a", previous="b", proven=False)
    assert switching.replaced(state, "b") == replace(state, previous=None)
    assert switching.replaced(state, "c") == state
