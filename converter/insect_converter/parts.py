"""What photographs are used for."""

from __future__ import annotations

import enum


class Part(enum.StrEnum):
    """What a photograph is used for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


HELD_BACK = (Part.TEST, Part.VALIDATION)
"""Parts that nothing is learnt from; what must not be in two parts goes to the first of them."""
