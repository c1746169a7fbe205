"""`python -m support.soak`: the long soak, its numbers from the environment."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from support.soak.soak import Aim, Soak
from support.soak.table import table


def main() -> int:
    """Run it and print the table; 1 where anything was lost, invented or told wrongly."""
    seed = int(os.environ.get("SOAK_SEED", "1"))
    aim = Aim(
        faults=int(os.environ.get("SOAK_FAULTS", "1000")),
        events=int(os.environ.get("SOAK_EVENTS", "5000")),
        seconds=float(os.environ.get("SOAK_SECONDS", "inf")),
    )
    folder = Path(os.environ.get("SOAK_FOLDER", "build/soak")) / time.strftime("%Y%m%d-%H%M%S")
    print(f"soak with seed {seed} in {folder}", flush=True)  # noqa: T201 # a program
    soak = Soak(folder.resolve(), seed=seed, aim=aim)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: soak.stop())
    verdicts = soak.run(lambda line: print(line, flush=True))  # noqa: T201 # as above
    print(table(verdicts))  # noqa: T201 # as above
    return 0 if all(verdict.good for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
