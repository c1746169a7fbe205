from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from insect_edge.identity import device_id

if TYPE_CHECKING:
    from pathlib import Path


def _machine(tmp_path: Path, text: str) -> tuple[Path, ...]:
    path = tmp_path / f"machine-id-{len(list(tmp_path.iterdir()))}"
    path.write_text(text, encoding="ascii")
    return (path,)


def test_it_is_the_host_name_and_six_digits(tmp_path: Path) -> None:
    """The name stays recognisable, and is the same every time."""
    files = _machine(tmp_path, "0123456789abcdef0123456789abcdef\n")
    first = device_id(host_name="Trap_7.example.org", machine_id_files=files)
    assert re.fullmatch(r"trap-7-[0-9a-f]{6}", first)
    assert device_id(host_name="Trap_7", machine_id_files=files) == first


def test_cloned_cards_differ(tmp_path: Path) -> None:
    """The same host name on two machines gives two ids."""
    one = device_id(host_name="trap", machine_id_files=_machine(tmp_path, "a" * 32))
    other = device_id(host_name="trap", machine_id_files=_machine(tmp_path, "b" * 32))
    assert one != other


def test_the_first_file_with_an_id_counts(tmp_path: Path) -> None:
    """An absent, empty or uninitialised machine id is passed over."""
    empty, uninitialised = _machine(tmp_path, "\n"), _machine(tmp_path, "uninitialized\n")
    real = _machine(tmp_path, "c" * 32)
    chain = (tmp_path / "absent", *empty, *uninitialised, *real)
    assert device_id(host_name="t", machine_id_files=chain) == device_id(host_name="t", machine_id_files=real)


def test_without_any_machine_id_it_is_still_stable(tmp_path: Path) -> None:
    """The hardware address stands in."""
    files = (tmp_path / "absent",)
    assert device_id(host_name="t", machine_id_files=files) == device_id(host_name="t", machine_id_files=files)


@given(st.text(max_size=100))
def test_any_host_name_gives_a_topic_level(host_name: str) -> None:
    """At most 64 characters of `[a-z0-9-]`, whatever the host is called."""
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", device_id(host_name=host_name))
