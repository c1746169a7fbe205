"""The command line: finds the sub-command, and turns what went wrong into one line and an exit code."""

from __future__ import annotations

import importlib.metadata
import json
from typing import TYPE_CHECKING

import click
import pytest

from insect_edge import cli
from insect_edge.errors import CameraError, ConfigError, InsectEdgeError, ModelError, PublishError
from support.command_line import PROGRAM, Outcome, caller, process

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """`insect-edge` inside this process."""
    return caller(monkeypatch, capsys)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, call: Callable[..., Outcome]) -> Callable[[BaseException], Outcome]:
    """Runs a command that raises what it is given."""

    def run(error: BaseException) -> Outcome:
        @click.command()
        def command() -> None:
            raise error

        monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: command)
        return call("classify")

    return run


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_names_every_command(call: Callable[..., Outcome], flag: str) -> None:
    """The first thing a user types shows what there is."""
    outcome = call(flag)
    assert outcome.code == 0
    for name in cli.COMMANDS:
        assert f"\n  {name} " in outcome.out
    assert outcome.err == ""


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(call: Callable[..., Outcome], name: str) -> None:
    """Each command that is listed exists and explains itself and all its options."""
    outcome = call(name, "--help")
    assert outcome.code == 0
    assert outcome.out.startswith(f"Usage: insect-edge {name} ")
    command = cli.commands.get_command(click.Context(cli.commands), name)
    assert command is not None
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts} has no help"


def test_no_command_is_a_usage_error(call: Callable[..., Outcome]) -> None:
    """Without a command the help comes, with exit code 2."""
    outcome = call()
    assert outcome.code == 2
    assert "classify" in outcome.err


def test_an_unknown_command_is_a_usage_error(call: Callable[..., Outcome]) -> None:
    """A mistyped command is told by name."""
    assert call("clasify").usage_error.startswith("Error: No such command 'clasify'.")


def test_the_version_is_the_packages(call: Callable[..., Outcome]) -> None:
    """`--version` says what is installed."""
    assert call("--version").out.split() == ["insect-edge,", "version", importlib.metadata.version("insect-edge")]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InsectEdgeError("what: why: remedy"), 1),
        (ModelError("what: why: remedy"), 1),
        (CameraError("what: why: remedy"), 1),
        (PublishError("what: why: remedy", retry=True), 1),
        (ConfigError("what: why: remedy"), 78),
    ],
)
def test_an_error_raised_on_purpose_is_one_line(
    failing: Callable[[BaseException], Outcome], error: InsectEdgeError, code: int
) -> None:
    """The message goes to standard error behind the program's name; the kind of error decides the exit code."""
    assert failing(error) == Outcome(code=code, out="", err="insect-edge: what: why: remedy\n")


def test_an_interrupt_ends_quietly(failing: Callable[[BaseException], Outcome]) -> None:
    """Ctrl-C is no error to explain: exit code 130, nothing but the line break after ^C."""
    outcome = failing(KeyboardInterrupt())
    assert (outcome.code, outcome.out, outcome.err.strip()) == (130, "", "")


def test_a_bug_is_not_hidden(failing: Callable[[BaseException], Outcome]) -> None:
    """What was not raised on purpose comes through as it is, for the bug report."""
    with pytest.raises(ZeroDivisionError):
        failing(ZeroDivisionError("a bug"))


def test_a_commands_number_is_the_exit_code(monkeypatch: pytest.MonkeyPatch, call: Callable[..., Outcome]) -> None:
    """A command that did only part of its work returns 1."""
    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: click.Command("classify", callback=lambda: 1))
    assert call("classify").code == 1


def test_a_reader_that_leaves_is_no_error() -> None:
    """`insect-edge … | head` ends without a word when head has seen enough."""
    shown = process(program=("bash", "-c", 'set -o pipefail; "$@" --help | head -c 1', "bash", *PROGRAM))
    assert shown.out == "U"
    assert shown.err == ""


def test_help_imports_no_command() -> None:
    """Start-up time is felt on a Pi: help needs neither numpy nor any command."""
    script = (
        "import json, sys; from insect_edge.cli import main\n"
        "try: main()\n"
        "finally: print('MODULES', json.dumps(sorted(sys.modules)))"
    )
    outcome = process("--help", program=(PROGRAM[0], "-c", script))
    modules = json.loads(outcome.out.split("MODULES", 1)[1])
    assert "insect_edge.cli" in modules
    assert not {"numpy", "cv2", "pydantic", "sqlite3"} & set(modules)
    assert not [name for name in modules if name.startswith("insect_edge.commands.")]
