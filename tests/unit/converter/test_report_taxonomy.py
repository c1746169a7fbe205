"""How far off an error is, in the tree of life."""

from __future__ import annotations

import pytest

from insect_converter.report import taxonomy
from insect_converter.report.taxonomy import Level
from insect_edge.domain import Label, Role, Taxon

LABELS = tuple(
    Label(index=index, name=name, role=role, taxon=taxon, threshold=0.5)
    for index, (name, role, taxon) in enumerate(
        (
            ("pea-weevil", Role.PEST, Taxon(order="Coleoptera", family="Curculionidae", genus="Sitona")),
            ("clover-weevil", Role.PEST, Taxon(order="Coleoptera", family="Curculionidae", genus="Sitona")),
            ("vine-weevil", Role.PEST, Taxon(order="Coleoptera", family="Curculionidae", genus="Otiorhynchus")),
            ("beetle", Role.PEST, Taxon(order="Coleoptera")),
            ("bee", Role.BENEFICIAL, Taxon(order="Hymenoptera")),
            ("grub", None, None),
            ("background", Role.BACKGROUND, None),
        )
    )
)
NUMBER = {label.name: label.index for label in LABELS}


@pytest.mark.parametrize(
    ("truth", "said", "level"),
    [
        ("pea-weevil", "clover-weevil", Level.GENUS),
        ("pea-weevil", "vine-weevil", Level.FAMILY),
        ("pea-weevil", "beetle", Level.ORDER),
        ("beetle", "bee", Level.OTHER_ORDER),
        ("beetle", "grub", Level.NOT_STATED),
        ("grub", "background", Level.MISSED),
        ("background", "bee", Level.IMAGINED),
    ],
)
def test_an_error_falls_at_the_lowest_rank_that_is_shared(truth: str, said: str, level: Level) -> None:
    """Genus before family before order; background and what is not told are levels of their own."""
    assert taxonomy.level(LABELS[NUMBER[truth]], LABELS[NUMBER[said]]) is level


def test_errors_are_counted_by_level() -> None:
    """Levels come in their order, those without an error are left out."""
    wrong = [(3, 4), (0, 1), (4, 3), (6, 0)]
    assert taxonomy.levels(LABELS, wrong) == {Level.GENUS: 1, Level.OTHER_ORDER: 2, Level.IMAGINED: 1}


def test_accuracy_by_order_counts_both_names_and_orders() -> None:
    """One beetle taken for another has the wrong name and the right order; labels without an order are left out."""
    answers = [(3, 3), (3, 0), (3, 4), (4, 4), (5, 3), (6, 3)]
    beetles, bees = taxonomy.groups(LABELS, answers, rank="order")
    assert (beetles.name, beetles.photographs, beetles.right, beetles.right_group) == ("Coleoptera", 3, 1, 2)
    assert beetles.labels == ("pea-weevil", "clover-weevil", "vine-weevil", "beetle")
    assert (bees.name, bees.photographs, bees.right, bees.right_group) == ("Hymenoptera", 1, 1, 1)
    assert [group.name for group in taxonomy.groups(LABELS, answers, rank="family")] == ["Curculionidae"]
