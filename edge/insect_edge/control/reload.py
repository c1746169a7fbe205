"""A changed configuration, taken over whole between two frames or not at all."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from insect_edge.config.labels import configured_card
from insect_edge.control.changes import changes, named, needs_restart
from insect_edge.errors import ConfigError
from insect_edge.mqtt.replies import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from insect_edge.card import ModelCard
    from insect_edge.config.sections import Config
    from insect_edge.protocols import Clock
    from insect_edge.systemd import Systemd

_log = logging.getLogger(__name__)


class Reloader:
    """Reads the configuration again when asked to.

    Args:
        config: in force.
        load: reads it from where it came from.
        name: of the file, for messages.
        card: of the model as the model has it, before any configuration.
        refuse: says why a checked configuration cannot be lived with; None where it can.
        apply: takes a checked configuration and its card over; does not fail.
        systemd: told of the beginning and the end, and of a refusal.
        clock: for systemd, which wants to know when.
    """

    def __init__(
        self,
        config: Config,
        *,
        load: Callable[[], Config] | None,
        name: str,
        card: ModelCard,
        refuse: Callable[[Config], str | None],
        apply: Callable[[Config, ModelCard], None],
        systemd: Systemd,
        clock: Clock,
    ) -> None:
        self._config = config
        self._load = load
        self._name = name
        self._card = card
        self._refuse = refuse
        self._apply = apply
        self._systemd = systemd
        self._clock = clock

    def reload(self) -> Outcome:
        """Read, check, and take over all or nothing; says which keys changed, or why none did."""
        self._systemd.reloading(self._clock.monotonic())
        outcome = self._reload()
        if outcome.error is not None:
            _log.warning("configuration not reloaded, the old one stays in force: %s", outcome.error)
            self._systemd.remark(f"configuration not reloaded: {outcome.error}")
        else:
            changed = tuple((outcome.result or {}).get("changed", ()))
            _log.info("configuration reloaded: %s", named(changed) or "nothing has changed")
            self._systemd.remark(None)
        self._systemd.reloaded()
        return outcome

    def _reload(self) -> Outcome:
        if self._load is None:
            return Outcome(error="this daemon was started without a configuration file: nothing to read again")
        try:
            config = self._load()
            card = configured_card(self._card, config, name=self._name)
        except ConfigError as error:
            # One line for the journal, systemctl and the asker alike; check-config shows them as a list.
            return Outcome(error="; ".join(str(error).splitlines()))
        changed = changes(self._config, config)
        if fixed := needs_restart(changed):
            return Outcome(error=f"{named(fixed)}: cannot change while running: restart the service to apply it all")
        if why := self._refuse(config):
            return Outcome(error=why)
        if changed:
            self._apply(config, card)
            self._config = config
        return Outcome(result={"changed": list(changed)})
