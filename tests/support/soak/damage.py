"""What a bad card does to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

_SECTOR = 512
_LOG = "outbox.db-wal"
_FILES = {"outbox.db": 6, _LOG: 3, "outbox-numbers.json": 1}
"""How often each is hit; never two at once."""


def damaged(content: bytes, *, random: Random, whole: bool) -> bytes:
    """Some bits turned over, some sectors blank, or, unless the `whole` has to stay, the end missing."""
    if not content:
        return content
    kind = random.choice(("bits", "sectors") if whole else ("bits", "sectors", "end"))
    if kind == "end":
        return content[: random.randrange(len(content))]
    found = bytearray(content)
    while found == content:
        for place in random.choices(range(len(found)), k=random.randint(1, 8)):
            if kind == "bits":
                found[place] ^= 1 << random.randrange(8)
            else:
                start = place - place % _SECTOR
                found[start : start + _SECTOR] = bytes(len(found[start : start + _SECTOR]))
        kind = "bits"
    return bytes(found)


def damage(folder: Path, *, random: Random) -> str | None:
    """Damage one file of the outbox in `folder`; its name, or None where there is none of them."""
    there = {
        name: weight for name, weight in _FILES.items() if (folder / name).exists() and (folder / name).stat().st_size
    }
    if not there:
        return None
    name = random.choices(list(there), weights=list(there.values()))[0]
    path = folder / name
    # A log without its end is one that never had it: no program can tell, so nothing could be judged by it.
    path.write_bytes(damaged(path.read_bytes(), random=random, whole=name == _LOG))
    return name
