"""What the page is about: a bundle (with the run it came from, where that is at hand), or a run alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from insect_converter import float_model, recipes, run_record
from insect_converter.errors import TrainingError
from insect_edge import model_bundle
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.card import DEFAULT_THRESHOLD, ModelCard
from insect_edge.domain import Label
from insect_edge.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from insect_converter.float_model import FloatModel
    from insect_converter.run_record import RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A model and what is known of how it came about.

    Attributes:
        card: the bundle's; for a run alone what its recipe says, without temperature and fitted thresholds.
        content: the bytes of the bundle's `.tflite`; None for a run alone.
        split_text: which photograph was used for what; None where nothing says it.
        history: the records of training, in order; None where they are not at hand.
        floating: the float model's file; None where it is not at hand.
        record: what went into the run; None where it is not at hand.
    """

    card: ModelCard
    content: bytes | None
    split_text: str | None
    history: list[dict[str, Any]] | None
    floating: FloatModel | None
    record: RunRecord | None


def open_subject(place: Path, *, run: Path | None, float_file: Path | None) -> Subject:
    """Open a bundle, a bare `.tflite` or a run.

    Args:
        place: of either.
        run: the folder of the bundle's run, where it is at hand.
        float_file: the float model, where only that is at hand.

    Raises:
        InsectEdgeError: when it is none of them, does not verify, or run and bundle do not belong together.
    """
    if place.is_dir() and not (place / model_bundle.CARD_FILE).is_file():
        if not (place / run_record.RUN_FILE).is_file():
            raise ModelError(
                f"{place}: neither a bundle (no {model_bundle.CARD_FILE}) nor a run (no {run_record.RUN_FILE}): "
                "name the folder that `train` wrote with --out or --run"
            )
        return open_run(place, float_file=float_file)
    bundle = model_bundle.open_model(place)
    card = bundle.card or bundle.card_for(LiteRtInterpreter(bundle.content, name=bundle.name))
    record, history = None, None
    if run is not None:
        record, run_split = run_record.open_run(run)
        _refuse_another(run, record, card, run_split=run_split)
        history = _history(run)
    split_file = place / run_record.SPLIT_FILE
    return Subject(
        card=card,
        content=bundle.content,
        split_text=_text(split_file) if split_file.is_file() else None,
        history=history,
        floating=_floating(card, run=run, file=float_file),
        record=record,
    )


def open_run(folder: Path, *, float_file: Path | None) -> Subject:
    """Open a run by itself.

    Args:
        folder: of the run.
        float_file: another float model than its own.

    Raises:
        InsectEdgeError: when it is none, or did not finish.
    """
    record, split_text = run_record.open_run(folder)
    recipe = recipes.from_dict(record.recipe, source=str(folder))
    labels = tuple(
        Label(
            index=index,
            name=name,
            role=recipe.facts(name).role,
            taxon=recipe.facts(name).taxon,
            threshold=DEFAULT_THRESHOLD,
        )
        for index, name in enumerate(record.labels)
    )
    origin = {"created": record.started, "recipe": record.recipe, "seed": record.seed, "versions": record.versions}
    dataset = {"provenance": record.provenance, "licence": record.licence}
    card = ModelCard(
        model_id=folder.resolve().name,
        labels=labels,
        input=recipe.contract(),
        activation="logits",
        details={**origin, "host": record.host, "dataset": dataset},
    )
    return Subject(
        card=card,
        content=None,
        split_text=split_text,
        history=_history(folder),
        floating=_floating(card, run=folder, file=float_file),
        record=record,
    )


def _refuse_another(run: Path, record: RunRecord, card: ModelCard, *, run_split: str) -> None:
    """Make sure that bundle and run belong together, as far as the card tells."""
    names = tuple(label.name for label in card.labels)
    if record.labels != names:
        raise TrainingError(f"{run}: its labels are not those of {card.model_id}: name the run that made the bundle")
    expected = card.details.get("dataset", {}).get("split_sha256")
    if expected is not None and expected != run_record.text_hash(run_split):
        raise TrainingError(f"{run}: its split is not that of {card.model_id}: name the run that made the bundle")


def _history(run: Path) -> list[dict[str, Any]] | None:
    path = run / run_record.HISTORY_FILE
    if not path.is_file():
        return None
    text = _text(path)
    try:
        return [dict(record) for record in json.loads(text)]
    except (ValueError, TypeError) as error:
        raise TrainingError(f"{path}: damaged ({error}): bring the file back, or take it away") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ModelError(f"{path}: cannot be read ({reason}): copy it again") from error


def _floating(card: ModelCard, *, run: Path | None, file: Path | None) -> FloatModel | None:
    """The float model's file, held against what the card says of it."""
    if run is None and file is None:
        return None
    found, said = float_model.locate(run=run, file=file, card=card, force=True), card.details.get(float_model.CARD_KEY)
    if said is not None and found.is_keras and not found.verified:
        raise TrainingError(f"{found.path}: not the float model that {card.model_id} was made from: name the right run")
    return found
