"""Programs the tests need beside Python, and how patient they are."""

from __future__ import annotations

import shutil

import pytest

DEADLINE_SECONDS = 30.0
"""How long readiness is waited for on a busy machine; never slept through."""


def executable(name: str) -> str:
    """The path of one of Mosquitto's programs; skips the test where it is not installed."""
    # Debian puts the broker where only root's PATH looks.
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install mosquitto mosquitto-clients")
    return found
