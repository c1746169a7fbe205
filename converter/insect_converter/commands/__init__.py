"""One module a sub-command, with the click command as `command`; it imports what is heavy when it is called."""

from __future__ import annotations

from pathlib import Path

import click

FOLDER = click.Path(path_type=Path, file_okay=False)
"""Parameter type of a folder."""
FILE = click.Path(path_type=Path, dir_okay=False)
"""Parameter type of a file."""
PLACE = click.Path(path_type=Path)
"""Parameter type of a folder or a file."""
