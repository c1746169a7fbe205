"""A bar for people, silence for files."""

from __future__ import annotations

import io
import sys

import pytest

pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter import progress


class Terminal(io.StringIO):
    """Text that claims to be a terminal."""

    def isatty(self) -> bool:
        """It does."""
        return True


def test_a_terminal_gets_a_bar_with_the_expected_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Description, share, count and elapsed and remaining time are drawn, and taken away at the end."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.bar(total=4, description="decoding") as bar:
        for _ in range(4):
            bar.update()
            bar.refresh()
    text = terminal.getvalue()
    assert "decoding:  50%" in text
    assert "2/4 [00:00<00:00" in text
    assert text.endswith("\r")


def test_work_that_was_done_before_is_shown_as_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar that begins in the middle says so at once."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress.bar(total=4, description="fine-tuning", done=3) as bar:
        bar.refresh()
    assert "3/4" in terminal.getvalue()


def test_a_file_gets_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where standard error is no terminal, bars draw nothing and lines stay whole."""
    file = io.StringIO()
    monkeypatch.setattr(sys, "stderr", file)
    with progress.bar(total=2, description="decoding") as bar:
        bar.update()
        progress.say("left out: a.jpg")
        bar.set_postfix(loss="0.1")
    assert file.getvalue() == "left out: a.jpg\n"
