"""What the configuration says about labels, held against the labels a model really has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from insect_edge.config.problems import Problem, did_you_mean
from insect_edge.domain import Role
from insect_edge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from insect_edge.card import ModelCard
    from insect_edge.config.problems import Place
    from insect_edge.config.sections import Config


def configured_card(card: ModelCard, config: Config, *, name: str) -> ModelCard:
    """The card with the configuration's thresholds and roles, which beat its own.

    Args:
        card: of the model in use.
        config: names labels.
        name: of the configuration file, for messages.

    Raises:
        ConfigError: with every label that the model does not have, and every alert that could never come.
    """
    labels = tuple(
        replace(
            label,
            threshold=config.policy.thresholds.get(label.name, label.threshold),
            role=Role(config.policy.roles[label.name]) if label.name in config.policy.roles else label.role,
        )
        for label in card.labels
    )
    card = replace(card, labels=labels)
    problems = list(_problems(config, card))
    if problems:
        raise ConfigError("\n".join(f"{name}: {problem}" for problem in problems))
    return card


def _problems(config: Config, card: ModelCard) -> Iterator[Problem]:
    names = [label.name for label in card.labels]
    pests = [label.name for label in card.labels if label.role is Role.PEST]
    policy, alerts = config.policy, config.alerts
    yield from _unknown(("policy", "thresholds"), policy.thresholds, names=names, card=card)
    yield from _unknown(("policy", "roles"), policy.roles, names=names, card=card)
    yield from _unknown(("alerts", "only"), alerts.only, names=names, card=card)
    yield from _unknown(("alerts", "never"), alerts.never, names=names, card=card)
    counted = {number: threshold.label or "" for number, threshold in enumerate(alerts.thresholds)}
    for number, label in counted.items():
        yield from _unknown(("alerts", "thresholds", number, "label"), [label], names=names, card=card)
    wanted: list[tuple[Place, str]] = [(("alerts", "only"), label) for label in alerts.only]
    wanted += [(("alerts", "thresholds", number, "label"), label) for number, label in counted.items()]
    for place, label in wanted:
        if label in names and label not in pests:
            advice = f'is no pest, so it could never alert: add {label} = "pest" to [policy.roles]'
            yield Problem(place, label, advice)


def _unknown(place: Place, labels: Iterable[str], *, names: list[str], card: ModelCard) -> Iterator[Problem]:
    for label in labels:
        if label not in names:
            known = did_you_mean(label, names) or f": it knows {', '.join(names[:20])}{' …' if len(names) > 20 else ''}"  # noqa: PLR2004 # a line's worth
            yield Problem(place, label, f"the model {card.model_id} has no such label{known}")
