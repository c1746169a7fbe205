"""From a trained model to a bundle, or to the reason why there is none."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from insect_converter import recipes, run_record, training_set, unknown_insects
from insect_converter.dataset import read_class_folders
from insect_converter.errors import GateError
from insect_converter.parity import Parity
from insect_converter.run_record import RunRecord
from insect_converter.split import Part, to_csv
from insect_converter.split_photographs import read_rows
from insect_edge import model_bundle
from insect_edge.errors import ModelError
from support.photographs import COLOURS, write_class, write_classes

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

RECIPE = recipes.parse(
    'name = "test"\nimage_size = 32\nshorter_side = 48\nvalidation = 0.2\ntest = 0.2\nlabels.aphid.role = "pest"',
    source="test",
)
RECORD = RunRecord(
    recipe=RECIPE.as_dict(),
    seed=1,
    data="",
    background=None,
    labels=(*sorted(COLOURS), "background"),
    versions={"python": "3"},
    host="here",
    started="2026-01-01T00:00:00Z",
    provenance="drawn",
    licence="CC0",
    float_sha256="0123abcd",
)


@dataclass(frozen=True, kw_only=True)
class Ready:
    """Everything an export takes but the place."""

    exporting: ModuleType
    arguments: dict[str, Any]
    unknown: tuple[Path, ...] = ()

    def __call__(self, out: Path, *, force: bool = False) -> Any:
        """Export."""
        return self.exporting.export(**self.arguments, out=out, force=force, unknown=self.unknown)


@pytest.fixture(scope="module")
def ready(tensorflow: None, tmp_path_factory: pytest.TempPathFactory) -> Ready:  # noqa: ARG001 - is imported first
    """A network that tells the drawn animals by their mean colour, and the photographs."""
    keras = importlib.import_module("keras")
    folder = tmp_path_factory.mktemp("photographs")
    write_classes(folder / "data", each=12)
    write_class(folder / "things", label="background", count=12)
    data = training_set.load(read_class_folders(folder / "data", background=folder / "things"), RECIPE, seed=1)
    pictures = keras.Input((32, 32, 3))
    convolution = keras.layers.Conv2D(3, 1, use_bias=False)
    dense = keras.layers.Dense(4)
    model = keras.Model(pictures, dense(keras.layers.GlobalAveragePooling2D()(convolution(pictures))))
    convolution.set_weights([np.eye(3, dtype=np.float32)[np.newaxis, np.newaxis]])
    # Towards the mean colour of each label and away from grey.
    towards = np.array([np.array(COLOURS[label][::-1]) / 127.5 - 1 for label in sorted(COLOURS)] + [[0.0] * 3])
    dense.set_weights([12 * towards.T.astype(np.float32), np.array([-2, -2, -2, 1], np.float32)])
    split_text = to_csv(data.split, data.labels, data.pictures)
    return Ready(
        exporting=importlib.import_module("insect_converter.export"),
        arguments={"model": model, "split": data.split, "recipe": RECIPE, "record": RECORD, "split_text": split_text},
    )


def gate(monkeypatch: pytest.MonkeyPatch, *failures: str) -> None:
    """Decide what the gate says."""
    monkeypatch.setattr(Parity, "failures", lambda _: list(failures))


def test_a_model_within_budget_becomes_a_bundle(ready: Ready, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate opens, the bundle verifies, and its card says that the gate was passed."""
    gate(monkeypatch)
    figures = ready(tmp_path / "good-v1")
    card = json.loads((tmp_path / "good-v1" / "card.json").read_text())
    assert model_bundle.open_model(tmp_path / "good-v1").card is not None
    assert figures.integer.top1 >= 0.8
    assert card["gate"] == {"passed": True, "failures": []}
    assert card["metrics"]["int8"]["top1"] == figures.integer.top1
    assert card["float_sha256"] == "0123abcd"
    assert card["dataset"]["split_sha256"] == run_record.text_hash(ready.arguments["split_text"])
    rows = (tmp_path / "good-v1" / "split.csv").read_text().splitlines()
    assert rows[0] == "name,split,sha256_prefix"
    assert len(rows) == 1 + 48


def test_the_bundles_split_can_be_read_whatever_the_photographs_are_called(
    tensorflow: None,  # noqa: ARG001 - is imported first, silently
) -> None:
    """Labels that no folder says, and names with commas and quotes, survive the shorter form."""
    text = (
        'name,label,split,sha256\n"train/a, ""b"".jpg",ant,train,'
        + "0" * 64
        + "\nwasp/c.jpg,wasp,test,"
        + "1" * 64
        + "\n"
    )
    exporting = importlib.import_module("insect_converter.export")
    short = read_rows(exporting._compact_split(text), source="short")
    assert [(row.name, row.label, row.part) for row in short] == [
        ('train/a, "b".jpg', "ant", Part.TRAIN),
        ("wasp/c.jpg", "wasp", Part.TEST),
    ]


def test_the_card_says_how_names_are_withheld(ready: Ready, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With photographs of unknown insects the score is chosen and measured on them, without it is not claimed to be."""
    gate(monkeypatch)
    write_class(tmp_path / "strangers" / "mantis", label="mantis", count=24)
    strangers = unknown_insects.find(tmp_path / "strangers")
    replace(ready, unknown=strangers)(tmp_path / "knowing-v1")
    card = json.loads((tmp_path / "knowing-v1" / "card.json").read_text())
    assert set(card["metrics"]["rejection"]["scores"]) == {"softmax", "max_logit", "energy", "margin"}
    reported = card["metrics"]["rejection"]["unknown_insects"]["photographs"]
    assert 0 < reported < 24
    assert card["rejection"]["auroc"] == card["metrics"]["rejection"]["scores"][card["rejection"]["score"]]["auroc"]
    assert f"{24 - reported} photographs of unknown insects" in card["rejection"]["fitted_on"]
    ready(tmp_path / "plain-v1")
    plain = json.loads((tmp_path / "plain-v1" / "card.json").read_text())
    assert (plain["rejection"]["score"], plain["rejection"]["auroc"]) == ("max_logit", None)
    assert "alone" in plain["rejection"]["fitted_on"]
    assert set(plain["metrics"]["thresholds"]["test"]) == set(RECORD.labels) - {"background"}


def test_a_model_over_budget_is_not_written(
    ready: Ready, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The gate stays shut: the table is shown, every reason is told in one line, and nothing is written."""
    gate(monkeypatch, "agreement 0.9000 is below 0.97", "calibration error 0.1000 is above 0.05")
    with pytest.raises(GateError) as caught:
        ready(tmp_path / "bad-v1")
    assert str(caught.value).startswith("the integer model is over budget: agreement 0.9000 is below 0.97; calibration")
    assert "--force" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "int8, per label:" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_force_writes_it_and_the_card_says_so(ready: Ready, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle over budget carries the reasons."""
    gate(monkeypatch, "agreement 0.9000 is below 0.97")
    ready(tmp_path / "bad-v1", force=True)
    card = json.loads((tmp_path / "bad-v1" / "card.json").read_text())
    assert card["gate"] == {"passed": False, "failures": ["agreement 0.9000 is below 0.97"]}


def test_a_place_that_is_taken_is_told_before_any_work(ready: Ready, tmp_path: Path) -> None:
    """Nothing is converted for a bundle that could not be written."""
    with pytest.raises(ModelError, match="there is something already"):
        ready(tmp_path)
