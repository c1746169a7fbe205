"""The configuration file: TOML bytes in, a frozen `Config` or every problem at once out."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from insect_edge.config.problems import Problem, conflict_problems, validation_problem
from insect_edge.config.sections import Config
from insect_edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from insect_edge.config.problems import Place


def parse_config(content: bytes, *, name: str, folder: Path) -> Config:
    """Read a configuration.

    Args:
        content: the file's bytes.
        name: of the file, for messages.
        folder: relative paths in the file are relative to it.

    Raises:
        ConfigError: with every problem, one a line.
    """
    tables = _tables(content, name=name)
    problems: list[Problem] = []
    try:
        config = Config.model_validate(tables, context={"folder": folder})
    except ValidationError as error:
        problems = [validation_problem(details) for details in error.errors()]
        # What is left once the wrong values are taken out still shows which keys contradict each other.
        config = Config.model_validate(_without(tables, problems), context={"folder": folder})
    problems += conflict_problems(config, tables=tables, known={problem.location for problem in problems})
    if problems:
        raise ConfigError("\n".join(dict.fromkeys(f"{name}: {problem}" for problem in problems)))
    return config


def _tables(content: bytes, *, name: str) -> dict[str, Any]:
    try:
        # With a last line that is whole, the parser can say where in it the mistake is.
        text = content.decode("utf-8-sig").replace("\r\n", "\n") + "\n"
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{name}: line {line}: not UTF-8 text: save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        what, _, where = str(error).rpartition(" (at ")
        where = where.rstrip(")").replace("end of document", f"line {text.count(chr(10))}")
        advice = "texts stand in quotes, a section's name in [brackets], and each key has one value"
        raise ConfigError(f"{name}: {where}: {what}: {advice}") from error


def _without(tables: dict[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """A copy of the tables without the values that have a problem."""
    wrong = {problem.location for problem in problems}

    def pruned(value: Any, location: Place) -> Any:
        if isinstance(value, list):
            # One of several tables stays in its place, so that the others keep their numbers.
            places = [(*location, number) for number in range(len(value))]
            return [{} if place in wrong else pruned(item, place) for item, place in zip(value, places, strict=True)]
        if not isinstance(value, dict):
            return value
        inside = {key: (*location, key) for key in value}
        return {key: pruned(value[key], path) for key, path in inside.items() if path not in wrong}

    return {key: pruned(value, (key,)) for key, value in tables.items() if (key,) not in wrong}
