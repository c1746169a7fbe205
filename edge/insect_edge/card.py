"""The card of a model: what it is, what it expects, how good it is. Pure: text in, dataclasses out, and back."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from insect_edge.domain import BACKGROUND, Label, Role, Taxon
from insect_edge.errors import ModelError
from insect_edge.rejection import SCORES, SOFTMAX, Rejection

FORMAT_VERSION = 1
DEFAULT_THRESHOLD = 0.5
"""For a label whose threshold nobody fitted."""
COLOR_ORDERS = ("rgb", "bgr", "grey")
ACTIVATIONS = ("logits", "softmax")
RESIZES = ("antialias",)
CENTRED_SQUARE, WHOLE_FRAME = "centred-square", "whole-frame"
CROPS = (CENTRED_SQUARE, WHOLE_FRAME)
_LARGEST_SIDE = 4096
"""Of an input or a golden picture in pixels: far above any model's, far below what would not fit into memory."""
_SMALLEST_GOLDEN_SIDE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class InputContract:
    """What a model expects to see.

    Attributes:
        width: pixels.
        height: pixels.
        color_order: `rgb`, `bgr` or `grey`.
        mean: real value = (pixel - mean) / std, pixel in 0..255.
        std: see `mean`.
        resize: name of the resize method; `antialias` is `insect_edge.preprocess.resize`.
        crop: what is looked at by default: `centred-square`, or `whole-frame`, whose longer side is squeezed to fit.
    """

    width: int
    height: int
    color_order: str = "rgb"
    mean: float = 127.5
    std: float = 127.5
    resize: str = "antialias"
    crop: str = CENTRED_SQUARE

    @property
    def channels(self) -> int:
        """1 for grey, else 3."""
        return 1 if self.color_order == "grey" else 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """The drawn picture a model is checked with when it is loaded, and what it must answer.

    Attributes:
        seed: of `insect_edge.golden.draw`.
        width: of the drawn picture, in pixels.
        height: of the drawn picture, in pixels.
        index: expected top category.
        score: expected score of it.
        tolerance: how far the score may be off; runtimes and processors round differently.
    """

    seed: int
    width: int
    height: int
    index: int
    score: float
    tolerance: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Everything the Pi needs to know of a model.

    Attributes:
        model_id: unique name with version: `garden-pests-v2`.
        labels: in output order.
        input: see `InputContract`.
        activation: what the graph's output is: `logits` or `softmax`.
        temperature: logits are divided by it before the softmax.
        sha256: of the model file in hex; None for a bare file.
        golden: None for a bare file.
        rejection: when a name is withheld; None where thresholds alone decide.
        details: everything else on the card, for people: recipe, versions, metrics, provenance, licence.
    """

    model_id: str
    labels: tuple[Label, ...]
    input: InputContract
    activation: str
    temperature: float = 1.0
    sha256: str | None = None
    golden: Golden | None = None
    rejection: Rejection | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def with_thresholds(self, thresholds: dict[str, float]) -> ModelCard:
        """The same card with other thresholds for some labels, by name."""
        labels = tuple(replace(label, threshold=thresholds.get(label.name, label.threshold)) for label in self.labels)
        return replace(self, labels=labels)


def bare_labels(names: list[str]) -> tuple[Label, ...]:
    """Labels of which nothing is known but their names; one called `background` is recognised."""
    return tuple(
        Label(
            index=index,
            name=name,
            role=Role.BACKGROUND if name.strip().lower() == BACKGROUND else None,
            taxon=None,
            threshold=DEFAULT_THRESHOLD,
        )
        for index, name in enumerate(names)
    )


def to_json(card: ModelCard) -> str:
    """The text of `card.json`."""
    labels = [
        {
            "index": label.index,
            "name": label.name,
            "role": label.role,
            "taxon": asdict(label.taxon) if label.taxon else None,
            "threshold": label.threshold,
        }
        for label in card.labels
    ]
    content = {
        "format_version": FORMAT_VERSION,
        "model_id": card.model_id,
        "sha256": card.sha256,
        "input": asdict(card.input),
        "activation": card.activation,
        "temperature": card.temperature,
        "golden": asdict(card.golden) if card.golden else None,
        "labels": labels,
        **({"rejection": asdict(card.rejection)} if card.rejection else {}),
        **card.details,
    }
    return json.dumps(content, indent=2, ensure_ascii=False, sort_keys=False) + "\n"


def from_json(text: str, *, source: str) -> ModelCard:
    """Read the text of a `card.json`.

    Args:
        text: the file's content.
        source: named in error messages.

    Raises:
        ModelError: when it is no card, of a newer format, or lacks something.
    """
    try:
        content = json.loads(text)
        version = content["format_version"]
    except KeyError as error:
        raise ModelError(f"{source}: not a model card (no {error}): copy the bundle again") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise ModelError(f"{source}: not a model card ({error}): copy the bundle again") from error
    if version != FORMAT_VERSION:
        raise ModelError(
            f"{source}: format_version {version}, this program reads {FORMAT_VERSION}: upgrade insect-edge"
        )
    try:
        return _card(content)
    except KeyError as error:
        raise ModelError(f"{source}: {error} is missing: the card is damaged, copy the bundle again") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise ModelError(f"{source}: {error}: the card is damaged, copy the bundle again") from error


_KNOWN = frozenset(
    {"format_version", "model_id", "sha256", "input", "activation", "temperature", "golden", "labels", "rejection"},
)


def _card(content: dict[str, Any]) -> ModelCard:
    labels = tuple(_label(index, entry) for index, entry in enumerate(content["labels"]))
    if not labels:
        raise ValueError("it has no labels")
    activation = _one_of(content["activation"], ACTIVATIONS, name="activation")
    return ModelCard(
        model_id=str(content["model_id"]),
        labels=labels,
        input=_input(content["input"]),
        activation=activation,
        temperature=_number(content["temperature"], name="temperature", above=0.0),
        sha256=str(content["sha256"]),
        golden=_golden(content["golden"], labels=len(labels)),
        rejection=_rejection(content.get("rejection"), labels=labels, activation=activation),
        details={key: value for key, value in content.items() if key not in _KNOWN},
    )


def _input(entry: dict[str, Any]) -> InputContract:
    contract = InputContract(**entry)
    _whole(contract.width, name="input width", limits=(1, _LARGEST_SIDE))
    _whole(contract.height, name="input height", limits=(1, _LARGEST_SIDE))
    _one_of(contract.color_order, COLOR_ORDERS, name="color_order")
    _one_of(contract.resize, RESIZES, name="resize")
    _one_of(contract.crop, CROPS, name="crop")
    _number(contract.mean, name="mean")
    _number(contract.std, name="std", above=0.0)
    return contract


def _golden(entry: dict[str, Any], *, labels: int) -> Golden:
    golden = Golden(**entry)
    _whole(golden.seed, name="golden seed", limits=(0, 2**31))
    _whole(golden.width, name="golden width", limits=(_SMALLEST_GOLDEN_SIDE, _LARGEST_SIDE))
    _whole(golden.height, name="golden height", limits=(_SMALLEST_GOLDEN_SIDE, _LARGEST_SIDE))
    _whole(golden.index, name="golden index", limits=(0, labels - 1))
    _number(golden.score, name="golden score")
    _number(golden.tolerance, name="golden tolerance", above=0.0)
    return golden


def _rejection(entry: dict[str, Any] | None, *, labels: tuple[Label, ...], activation: str) -> Rejection | None:
    if entry is None:
        return None
    rejection = Rejection(**entry)
    # Of a graph that ends in a softmax the logits are gone.
    _one_of(rejection.score, SCORES if activation == "logits" else (SOFTMAX,), name="rejection score")
    if len(labels) < 2 or all(label.role is Role.BACKGROUND for label in labels):  # noqa: PLR2004 - to tell apart
        raise ValueError("rejection needs two labels, of which one is no background")
    _number(rejection.threshold, name="rejection threshold")
    _score(rejection.presence, name="rejection presence")
    for name in ("auroc", "fpr_at_95_tpr"):
        if getattr(rejection, name) is not None:
            _score(getattr(rejection, name), name=f"rejection {name}")
    return rejection


def _one_of(value: Any, allowed: tuple[str, ...], *, name: str) -> str:
    if value not in allowed:
        raise ValueError(f"{name} {value!r} is none of {', '.join(allowed)}")
    return str(value)


def _whole(value: Any, *, name: str, limits: tuple[int, int]) -> int:
    if type(value) is not int or not limits[0] <= value <= limits[1]:
        raise ValueError(f"{name} {value!r} is no whole number from {limits[0]} to {limits[1]}")
    return value


def _number(value: Any, *, name: str, above: float = -math.inf) -> float:
    if type(value) not in (int, float) or not above < value < math.inf:
        raise ValueError(f"{name} {value!r} is no number" + (f" above {above:g}" if above > -math.inf else ""))
    return float(value)


def _label(index: int, entry: dict[str, Any]) -> Label:
    if entry["index"] != index:
        raise ValueError(f"label {entry['name']!r} has index {entry['index']} at position {index}")
    taxon = entry["taxon"]
    role = entry["role"]
    return Label(
        index=index,
        name=str(entry["name"]),
        role=Role(role) if role is not None else None,
        taxon=Taxon(**taxon) if taxon is not None else None,
        threshold=_score(entry["threshold"], name=f"threshold of {entry['name']!r}"),
    )


def _score(value: Any, *, name: str) -> float:
    if not 0 <= _number(value, name=name) <= 1:
        raise ValueError(f"{name} {value!r} is not from 0 to 1")
    return float(value)
