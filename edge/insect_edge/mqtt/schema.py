"""Makes JSON Schemas of the payloads' types, and one AsyncAPI document: `python -m insect_edge.mqtt.schema [FOLDER]`.

The files in `schemas/` beside this module are made by it; a test says when they are not what it would make.
"""

from __future__ import annotations

import enum
import json
import sys
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from insect_edge.mqtt.asyncapi import document
from insect_edge.mqtt.payload_types import Rule
from insect_edge.mqtt.payloads import PAYLOADS

MADE = "Made by insect_edge.mqtt.schema from the payloads' types: change those, and run it."
DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = Path(__file__).parent / "schemas"
ASYNCAPI_FILE = "asyncapi.json"
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema of one payload, as a file of its own."""
    payload = PAYLOADS[name]
    described = _object(payload)
    words = described.pop("description")
    identity = f"urn:insect-edge:schema:{name}:1"
    head = {"$schema": DIALECT, "$comment": MADE, "$id": identity, "title": payload.__name__}
    return {**head, "description": words, **described}


def availability() -> dict[str, Any]:
    """The schema of the one payload that is plain text."""
    return {
        "$schema": DIALECT,
        "$id": "urn:insect-edge:schema:availability:1",
        "title": "Availability",
        "description": "Topic `availability`, retained; plain text, not JSON. `offline` is the last will and is also "
        "published on a clean stop.",
        "enum": ["online", "offline"],
    }


def files() -> dict[str, str]:
    """Name to text of every file there should be."""
    schemas = {"availability": availability(), **{name: schema_of(name) for name in PAYLOADS}}
    contents: dict[str, Any] = {f"{name}.schema.json": schema for name, schema in schemas.items()}
    contents[ASYNCAPI_FILE] = document(schemas)
    return {name: json.dumps(content, indent=2, ensure_ascii=False) + "\n" for name, content in contents.items()}


def write(folder: Path) -> None:
    """Write every file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")


def _schema(annotation: Any) -> dict[str, Any]:
    """The schema of one type; words and keywords nearer to the field win."""
    if get_origin(annotation) is Annotated:
        inner, *rules = get_args(annotation)
        schema = _schema(inner)
        for rule in rules:
            if isinstance(rule, Rule):
                schema |= {**rule.keywords, **({"description": rule.words} if rule.words else {})}
        return schema
    if annotation in _PLAIN:
        return {"type": _PLAIN[annotation]}
    if annotation is Any:
        return {}
    if is_typeddict(annotation):
        return _object(annotation)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return {"enum": [member.value for member in annotation]}
    return _made_of_others(annotation)


def _made_of_others(annotation: Any) -> dict[str, Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        values = [value.value if isinstance(value, enum.Enum) else value for value in arguments]
        return {"const": values[0]} if len(values) == 1 else {"enum": values}
    if origin is list:
        return {"type": "array", "items": _schema(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(arguments[1]) or True}
    if origin in {Union, UnionType} and len(arguments) == 2 and NoneType in arguments:  # noqa: PLR2004 # one, or null
        return _or_null(_schema(next(each for each in arguments if each is not NoneType)))
    raise TypeError(f"{annotation}: no payload is made of this: use the types of the payloads module")


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


def _object(payload: Any) -> dict[str, Any]:
    hints = get_type_hints(payload, include_extras=True)
    # The payloads say first what they are.
    names = sorted(hints, key=lambda name: name != "schema")
    return {
        "type": "object",
        "description": " ".join((payload.__doc__ or "").split()),
        "required": [name for name in names if name in payload.__required_keys__],
        "additionalProperties": False,
        "properties": {name: _schema(hints[name]) for name in names},
    }


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
