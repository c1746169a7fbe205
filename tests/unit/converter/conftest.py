"""TensorFlow for the tests that need it: imported when the first of them runs, not when tests are collected."""

from __future__ import annotations

import importlib.util

import pytest

from insect_converter.quiet import native_silence


@pytest.fixture(scope="session")
def tensorflow() -> None:
    """TensorFlow and Keras are imported, or the test is skipped."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    with native_silence():
        importlib.import_module("tensorflow")
