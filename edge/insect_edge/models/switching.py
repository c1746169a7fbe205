"""Which model is used, and when one that does not work is given up. State in, state out.

A model is *proven* once a daemon became ready with it. One that is not is on trial: each start with it is counted
before it is loaded, and after three that failed in a row, or ten minutes without a daemon that became ready, the one
before it is taken. Starts with a proven model count only until it is loaded: what fails afterwards is the camera or the
network, which another model would not mend. The one before it is the last that was proven, else the built-in one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from insect_edge.errors import ModelError, StateError

BUILT_IN = "built-in"
"""The model that comes with the program; always there, and no name a bundle may have."""
FAILED_STARTS = 3
PATIENCE_SECONDS = 600.0
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """When a daemon started.

    Attributes:
        boot_id: which boot the seconds belong to.
        monotonic: seconds.
    """

    boot_id: str
    monotonic: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """A model that was given up.

    Attributes:
        model: its name.
        reason: why, as the end of a sentence.
    """

    model: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """What is remembered.

    Attributes:
        current: name of the model to use.
        previous: the last proven one before it; None where there is none.
        proven: whether a daemon became ready with the current one.
        attempts: starts with it that were not seen to succeed, in a row.
        first_start: the first of them, of one on trial.
        given_up: the last model that was given up, until somebody chooses again.
    """

    current: str = BUILT_IN
    previous: str | None = None
    proven: bool = True
    attempts: int = 0
    first_start: Start | None = None
    given_up: GivenUp | None = None


def use(state: Switch, name: str) -> Switch:
    """Somebody chose a model."""
    if name == state.current:
        return replace(state, attempts=0, first_start=None, given_up=None)
    before = state.current if state.proven else state.previous
    return Switch(current=name, previous=None if before == name else before, proven=name == state.previous)


def back(state: Switch) -> Switch:
    """Somebody wants the one before.

    Raises:
        ModelError: when there is none.
    """
    if state.previous is None:
        raise ModelError(f"there is no model before {state.current}: choose one with insect-edge model use")
    return use(state, state.previous)


def replaced(state: Switch, name: str) -> Switch:
    """Another bundle takes this name: what the one before it has proven says nothing about it.

    The current model is on trial again. The one before it is no longer one to fall back on: that is the built-in one.
    """
    if state.current == name:
        return replace(state, proven=False, attempts=0, first_start=None)
    return replace(state, previous=None) if state.previous == name else state


def begin(state: Switch, start: Start) -> Switch:
    """A daemon is about to load the current model; the result is to be on the disk before it does.

    `given_up` differs from the one before where the model was just given up.
    """
    reason = _failure(state, start)
    fallback = state.previous or (None if state.current == BUILT_IN else BUILT_IN)
    if reason is not None and fallback is not None:
        state = Switch(current=fallback, given_up=GivenUp(model=state.current, reason=reason))
    first = state.first_start
    if state.proven or first is None or first.boot_id != start.boot_id:
        first = None if state.proven else start
    return replace(state, attempts=state.attempts + 1, first_start=first)


def loaded(state: Switch, name: str) -> Switch:
    """The model was loaded and gave the right answer to its golden vector."""
    return replace(state, attempts=0) if state.current == name and state.proven else state


def ready(state: Switch, name: str) -> Switch:
    """A daemon became ready with the model."""
    return replace(state, proven=True, attempts=0, first_start=None) if state.current == name else state


def abandoned(state: Switch, name: str) -> Switch:
    """The daemon was stopped in order before it was ready: that says nothing about the model."""
    return replace(state, attempts=max(0, state.attempts - 1)) if state.current == name else state


def seconds_left(state: Switch, now: Start) -> float | None:
    """Until a model on trial is given up for want of a ready daemon; None of a proven one."""
    if state.proven or state.first_start is None:
        return None
    return max(0.0, PATIENCE_SECONDS - (now.monotonic - state.first_start.monotonic))


def _failure(state: Switch, start: Start) -> str | None:
    if state.attempts >= FAILED_STARTS:
        return f"it failed to start {state.attempts} times in a row"
    first = state.first_start
    late = first is not None and first.boot_id == start.boot_id and not state.proven
    if late and first is not None and start.monotonic - first.monotonic >= PATIENCE_SECONDS:
        return f"no daemon became ready with it within {PATIENCE_SECONDS / 60:.0f} minutes"
    return None


def to_json(state: Switch) -> dict[str, Any]:
    """For the file."""
    return {"format": FORMAT, **asdict(state)}


def from_json(content: Any) -> Switch:
    """From the file.

    Raises:
        StateError: when it is not understood.
    """
    try:
        if content["format"] != FORMAT:
            raise StateError(f"format {content['format']!r}, this program reads {FORMAT}")
        first, given_up = content["first_start"], content["given_up"]
        return Switch(
            current=_text(content["current"]),
            previous=None if content["previous"] is None else _text(content["previous"]),
            proven=bool(content["proven"]),
            attempts=max(0, int(content["attempts"])),
            first_start=None
            if first is None
            else Start(boot_id=_text(first["boot_id"]), monotonic=float(first["monotonic"])),
            given_up=None
            if given_up is None
            else GivenUp(model=_text(given_up["model"]), reason=_text(given_up["reason"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StateError(f"not understood ({type(error).__name__}: {error})") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
