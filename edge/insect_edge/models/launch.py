"""One start of the daemon with the model that is used: counted before it is loaded, forgiven once it is ready."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

from insect_edge.errors import ConfigError, ModelError, StateError
from insect_edge.models import switching
from insect_edge.models.switching import Start, Switch

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.classifier import Classifier
    from insect_edge.models.store import ModelStore
    from insect_edge.protocols import Clock

_log = logging.getLogger(__name__)
_LOCK_SECONDS = 2.0
"""Others keep the store locked for moments. Where one is stuck, the watchdog must not take the daemon for it."""


class Launch:
    """From the decision which model is loaded to the daemon's being ready with it.

    A disk that cannot be written costs the counting, never the start.

    Args:
        store: of the bundles; None where the configuration names its model itself, which is never switched.
        clock: the time.
    """

    def __init__(self, store: ModelStore | None, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._ready = False
        self._state = Switch() if store is None else self._begun(store)

    @property
    def name(self) -> str | None:
        """Of the model to load; None where the configuration says it."""
        return None if self._store is None else self._state.current

    @property
    def rolled_back(self) -> bool:
        """Whether a model was given up and nobody has chosen again since."""
        return self._state.given_up is not None

    @property
    def patience(self) -> float:
        """Seconds within which the daemon has to be ready; endless of a proven model."""
        left = None if self._store is None else switching.seconds_left(self._state, self._now())
        return math.inf if left is None else max(1.0, left)

    def load(self, make: Callable[[], Classifier]) -> Classifier:
        """Load the model by calling `make`.

        Raises:
            ModelError: when it cannot be used. That a model on trial lacks labels of the configuration is such an error
                too: as one of the configuration it would end the service for good, and the trial with it.
            ConfigError: when the configuration names labels that a proven model does not have.
        """
        try:
            classifier = make()
        except ConfigError as error:
            if self._state.proven:
                # It exits for good, until somebody mends the configuration: that says nothing about the model.
                self._change(switching.abandoned)
                raise
            raise ModelError(f"{error} (the model {self._state.current} does not fit this configuration)") from error
        self._change(switching.loaded)
        return classifier

    def ready(self) -> None:
        """The daemon is ready; told by what tells the service manager."""
        if not self._ready:
            self._ready = True
            if not self._state.proven:
                _log.info("model %s has proven itself", self._state.current)
            self._change(switching.ready)

    def ended(self) -> None:
        """The daemon ended in order; if it was not ready yet, that was nobody's fault."""
        self._change(switching.abandoned)

    def _begun(self, store: ModelStore) -> Switch:
        start = self._now()
        try:
            before = store.switch()
        except StateError as error:
            _log.error("%s; until then the built-in model is used", error)
            return Switch()
        if before == Switch():  # nothing was ever chosen, so there is nothing to give up: the disk is left alone
            return before
        try:
            state = store.change(lambda known: switching.begin(known, start), patience=_LOCK_SECONDS)
        except StateError as error:
            _log.warning("%s; starts with this model are not counted", error)
            state = switching.begin(before, start)
        _tell(before, state)
        return state

    def _change(self, function: Callable[[Switch, str], Switch]) -> None:
        if self._store is None or self._state == Switch():
            return
        name = self._state.current
        try:
            self._state = self._store.change(lambda known: function(known, name), patience=_LOCK_SECONDS)
        except StateError as error:
            _log.warning("%s; the model's state is not kept", error)
            self._state = function(self._state, name)

    def _now(self) -> Start:
        return Start(boot_id=self._clock.boot_id(), monotonic=self._clock.monotonic())


def _tell(before: Switch, after: Switch) -> None:
    given_up = after.given_up
    if given_up is not None and before.given_up != given_up:
        _log.error("model %s is given up: %s; %s is used instead", given_up.model, given_up.reason, after.current)
    elif given_up is not None:
        advice = "choose one with insect-edge model use"
        _log.warning(
            "model %s was given up: %s; %s is used: %s", given_up.model, given_up.reason, after.current, advice
        )
    elif not after.proven:
        _log.info("model %s is on trial: start %d", after.current, after.attempts)
