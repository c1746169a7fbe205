"""`python -m support.soak.again FOLDER`: judges what an earlier soak saw once more, to look into a finding."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

from support.soak.evidence import EVIDENCE
from support.soak.table import table
from support.soak.verdict import judge


def main() -> int:
    """Print the table; 1 where anything was lost, invented or told wrongly."""
    files = sorted(Path(sys.argv[1]).glob(f"*/{EVIDENCE}"))
    verdicts = [judge(pickle.loads(file.read_bytes())) for file in files]  # noqa: S301 # our own
    print(table(verdicts))  # noqa: T201 # a program
    return 0 if all(verdict.good for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
