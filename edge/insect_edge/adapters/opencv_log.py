"""Keeps OpenCV from printing lines of its own: what fails is told once, by our own errors."""

from __future__ import annotations

from typing import Any

import cv2

_SILENT = 0


def silence() -> None:
    """Switch OpenCV's log off; the function for it moved to `cv2.utils.logging` between 4.11 and 4.14."""
    module: Any = cv2 if hasattr(cv2, "setLogLevel") else cv2.utils.logging
    module.setLogLevel(_SILENT)
