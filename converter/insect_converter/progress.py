"""A progress bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm


def bar(*, total: int, description: str, done: int = 0) -> Any:
    """A bar with the expected remaining time; silent where standard error is no terminal.

    Args:
        total: steps.
        description: of the work.
        done: steps of it that were done before, which say nothing of the speed.
    """
    return tqdm(total=total, initial=done, desc=description, unit="", leave=False, disable=not sys.stderr.isatty())


def say(text: str) -> None:
    """One line of the run's story on standard error."""
    tqdm.write(text, file=sys.stderr)
