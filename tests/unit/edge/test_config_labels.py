"""Labels in the configuration against labels of the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from insect_edge.card import InputContract, ModelCard
from insect_edge.config.labels import configured_card
from insect_edge.config.parse import parse_config
from insect_edge.domain import Label, Role
from insect_edge.errors import ConfigError

ROLES = {"slug": Role.PEST, "wasp": Role.NEUTRAL, "background": Role.BACKGROUND}
CARD = ModelCard(
    model_id="garden-v1",
    labels=tuple(
        Label(index=index, name=name, role=role, taxon=None, threshold=0.5)
        for index, (name, role) in enumerate(ROLES.items())
    ),
    input=InputContract(width=224, height=224),
    activation="logits",
)


def configured(text: str) -> ModelCard:
    """The card as a configuration with this text wants it."""
    return configured_card(CARD, parse_config(text.encode(), name="trap.toml", folder=Path()), name="trap.toml")


def test_the_configuration_beats_the_card() -> None:
    """A threshold and a role of the configuration replace the card's, the others stay."""
    card = configured('[policy]\nthresholds = { slug = 0.8 }\nroles = { wasp = "pest" }\n[alerts]\nonly = ["wasp"]')
    assert [(label.role, label.threshold) for label in card.labels] == [
        (Role.PEST, 0.8),
        (Role.PEST, 0.5),
        (Role.BACKGROUND, 0.5),
    ]


def test_unknown_labels_are_all_told() -> None:
    """Each label that the model does not have is one line with a suggestion or the labels there are."""
    with pytest.raises(ConfigError) as caught:
        configured('[policy]\nthresholds = { slugs = 0.8 }\nroles = { hornet = "pest" }\n[alerts]\nnever = ["wsp"]')
    assert str(caught.value).splitlines() == [
        'trap.toml: [policy] thresholds = "slugs": the model garden-v1 has no such label: did you mean "slug"?',
        'trap.toml: [policy] roles = "hornet": the model garden-v1 has no such label: it knows slug, wasp, background',
        'trap.toml: [alerts] never = "wsp": the model garden-v1 has no such label: did you mean "wasp"?',
    ]


def test_an_alert_that_could_never_come_is_told() -> None:
    """Only pests alert, so a label in `only` that is none is a mistake."""
    with pytest.raises(ConfigError, match=r'"wasp": is no pest, so it could never alert: add wasp = "pest"'):
        configured('[alerts]\nonly = ["wasp"]')


def test_a_threshold_needs_a_pest_of_the_model() -> None:
    """A label the model does not have, or one that is no pest, is told with the number of its table."""
    table = '[[alerts.thresholds]]\nlabel = "{}"\nmore_than = 5\nper = "hour"\n'
    with pytest.raises(ConfigError) as caught:
        configured("".join(table.format(label) for label in ("slug", "slugs", "wasp")))
    unknown, harmless = str(caught.value).splitlines()
    assert unknown.startswith('trap.toml: [[alerts.thresholds]] 2: label = "slugs": the model garden-v1 has no such')
    assert harmless.startswith('trap.toml: [[alerts.thresholds]] 3: label = "wasp": is no pest, so it could never')
    assert configured(table.format("wasp") + '[policy.roles]\nwasp = "pest"')
