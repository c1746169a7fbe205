"""The classifier as the configuration wants it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.classifier import Classifier
from insect_edge.composition.models import chosen_model
from insect_edge.config.labels import configured_card
from insect_edge.domain import Role
from insect_edge.model_bundle import open_model

if TYPE_CHECKING:
    from insect_edge.config.sections import Config

_log = logging.getLogger(__name__)


def make_classifier(config: Config, *, name: str, model: str | None = None) -> Classifier:
    """Load and verify the configured model.

    Args:
        config: names it, and thresholds and roles of its labels.
        name: of the configuration file, for messages.
        model: the kept bundle to load, where that is decided already.

    Raises:
        ModelError: when the model cannot be used.
        ConfigError: when the configuration names labels that it does not have.
    """
    bundle = open_model(chosen_model(config, name=model).path, labels=config.model.labels)
    interpreter = LiteRtInterpreter(bundle.content, name=bundle.name, threads=config.model.threads)
    classifier = Classifier(interpreter, bundle.card_for(interpreter))
    card = configured_card(classifier.own_card, config, name=name)
    classifier.configure(card)
    kernels = "XNNPACK took the graph" if interpreter.delegate == "XNNPACK" else "plain kernels, without XNNPACK"
    _log.info("model %s, %d labels, on %s (%s)", card.model_id, len(card.labels), interpreter.runtime, kernels)
    if not any(label.role is Role.PEST for label in card.labels):
        _log.warning("no label of %s is a pest, so there will be no alert: name pests in [policy.roles]", card.model_id)
    return classifier
