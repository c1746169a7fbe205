"""A command line whose sub-commands are imported when they are called: start-up time is felt on a Pi."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class LazyGroup(click.Group):
    """A group whose sub-commands are modules of one package, each with its click command as `command`."""

    def __init__(self, *, package: str, table: Mapping[str, str], **options: Any) -> None:
        """Know the sub-commands without importing them.

        Args:
            package: full name; a sub-command `say-so` is its module `say_so`.
            table: one-line help by sub-command, in the order of the help.
            options: of `click.Group`.
        """
        super().__init__(**options)
        self._package = package
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names of all sub-commands."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The named sub-command, imported now; None where there is none."""
        if cmd_name not in self._table:
            return None
        command: click.Command = importlib.import_module(f"{self._package}.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """List the sub-commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._table.items()))
