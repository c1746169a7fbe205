"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# A busy machine is no failure, and a failure has to come again on the next run.
settings.register_profile("insect-edge", deadline=None, derandomize=True, database=None)
settings.load_profile("insect-edge")
