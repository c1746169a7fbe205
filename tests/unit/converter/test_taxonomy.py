"""Smoothed targets stay distributions and favour kin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_converter import taxonomy
from insect_edge.domain import Taxon

BEE = Taxon(order="Hymenoptera", family="Apidae", genus="Apis")
BUMBLEBEE = Taxon(order="Hymenoptera", family="Apidae", genus="Bombus")
OTHER_BUMBLEBEE = Taxon(order="Hymenoptera", family="Apidae", genus="Bombus")
WASP = Taxon(order="Hymenoptera")
SLUG = Taxon(order="Stylommatophora")
TAXA = (BEE, BUMBLEBEE, OTHER_BUMBLEBEE, WASP, SLUG, None)


def test_nearer_kin_gets_more() -> None:
    """Genus three times as much as family, family three times as much as order, strangers nothing."""
    targets = taxonomy.smoothing(TAXA, share=0.13)
    assert targets[1].tolist() == pytest.approx([0.03, 0.87, 0.09, 0.01, 0.0, 0.0])


def test_who_has_no_kin_spreads_evenly() -> None:
    """The slug and what has no taxon at all, such as the background, are smoothed as everybody else is."""
    targets = taxonomy.smoothing(TAXA, share=0.1)
    assert targets[4].tolist() == pytest.approx([0.02, 0.02, 0.02, 0.02, 0.9, 0.02])
    assert targets[5].tolist() == pytest.approx([0.02, 0.02, 0.02, 0.02, 0.02, 0.9])


def test_ranks_that_nobody_knows_are_not_shared() -> None:
    """Two labels without a family are no family."""
    targets = taxonomy.smoothing([Taxon(order="A"), Taxon(order="A"), Taxon(order="B")], share=0.3)
    assert targets[0].tolist() == pytest.approx([0.7, 0.3, 0.0])


RANK = st.sampled_from([None, "a", "b"])


@given(
    taxa=st.lists(st.none() | st.builds(Taxon, order=RANK, family=RANK, genus=RANK), min_size=1, max_size=8),
    share=st.floats(0, 0.99),
)
def test_every_row_is_a_distribution(taxa: list[Taxon | None], share: float) -> None:
    """Rows sum to 1, nothing is negative, the label keeps exactly what is not given away where there are others."""
    targets = taxonomy.smoothing(taxa, share=share)
    assert targets.dtype == np.float32
    assert targets.min() >= 0
    assert np.allclose(targets.sum(axis=1), 1.0, atol=1e-6)
    assert np.allclose(np.diag(targets), 1.0 if len(taxa) == 1 else 1 - share, atol=1e-6)
