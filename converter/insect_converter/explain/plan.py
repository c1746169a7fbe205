"""Which float model is to be explained, and what its outputs mean: decided before TensorFlow is imported."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from insect_converter import run_record
from insect_converter.errors import TrainingError
from insect_converter.report.subject import open_run, open_subject
from insect_edge import model_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from insect_edge.card import ModelCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A file and what explains it.

    Attributes:
        float_file: the Keras model.
        card: of a bundle or a run; None for a model from elsewhere.
        names: the labels of a model from elsewhere, by index; empty where there is a card.
        calibrated: whether the card's temperature was fitted.
    """

    float_file: Path
    card: ModelCard | None
    names: tuple[str, ...]
    calibrated: bool

    def label_index(self, name: str) -> int:
        """The index of a label by its name.

        Raises:
            TrainingError: when there is none of that name.
        """
        names = self.names if self.card is None else tuple(label.name for label in self.card.labels)
        if name not in names:
            raise TrainingError(f"{name}: the model has no such label: choose from {', '.join(names)}")
        return names.index(name)


def make(*, run: Path | None, float_file: Path | None, bundle: Path | None, labels: Path | None) -> Plan:
    """Find the float model and what explains it.

    Args:
        run: folder of a finished run.
        float_file: a Keras file instead, or another one than the run's.
        bundle: whose card explains the file and calibrates its scores.
        labels: a label file instead, for a model that has no card.

    Raises:
        InsectEdgeError: when something is missing or does not belong together.
    """
    if float_file is None and run is None:
        raise TrainingError("no float model: name a run with --run, or a Keras file with --float")
    card = _card(run=run, float_file=float_file, bundle=bundle)
    if float_file is None and run is not None:
        float_file = run / run_record.WEIGHTS_FILE
    if float_file is None or not float_file.is_file():
        raise TrainingError(f"{float_file}: no such file: name the float model that `train` kept in its run")
    if card is None and labels is None:
        raise TrainingError(
            f"{float_file}: nothing says what its outputs mean: name its bundle with --bundle, or a file with --labels"
        )
    names = model_bundle.read_labels(labels) if card is None and labels is not None else ()
    return Plan(float_file=float_file, card=card, names=names, calibrated=bundle is not None)


def _card(*, run: Path | None, float_file: Path | None, bundle: Path | None) -> ModelCard | None:
    if bundle is not None:
        # The golden vector is that of the integer model.
        return replace(open_subject(bundle, run=run, float_file=None).card, golden=None)
    if run is not None:
        return open_run(run, float_file=None).card
    beside = float_file.parent if float_file is not None else None
    if beside is not None and (beside / run_record.RUN_FILE).is_file():
        return open_run(beside, float_file=float_file).card
    return None
