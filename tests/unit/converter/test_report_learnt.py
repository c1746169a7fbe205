"""With the float model at hand the page also shows where the model looks, what int8 changed and what is alike."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the converter's extra is not installed")
pytest.importorskip("matplotlib", reason="the converter's extra is not installed")
pytest.importorskip("jinja2", reason="the converter's extra is not installed")
pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter.report import page, workflow
from insect_converter.report.workflow import ReportOptions
from insect_edge import model_bundle
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.adapters.pictures import read_picture
from insect_edge.classifier import Classifier
from insect_edge.errors import InsectEdgeError
from support import html_page, report_world, tiny_model
from support.report_world import STRANGE

if TYPE_CHECKING:
    from pathlib import Path

    from insect_converter.report.findings import Findings
    from support.report_world import World


@pytest.fixture(scope="module")
def world(tensorflow: None, tmp_path_factory: pytest.TempPathFactory) -> World:  # noqa: ARG001 - is imported first
    """A small garden with its float model, in which one photograph lies twice: in training and among the tests."""
    built = report_world.build(tmp_path_factory.mktemp("garden"))
    report_world.write_float(built.run / "float.keras")
    return built


def options(world: World, **changes: Any) -> ReportOptions:
    """What a user asks for who has bundle and run."""
    asked: dict[str, Any] = {"place": world.bundle, "data": None, "background": None, "run": world.run}
    asked |= {"float_file": None, "out": world.home / "page.html", "limit": None, "force": True}
    return ReportOptions(**{**asked, **changes})


@pytest.fixture(scope="module")
def findings(world: World) -> Findings:
    """Everything the page tells."""
    return workflow.find_out(options(world))


@pytest.fixture(scope="module")
def root(findings: Findings) -> Any:
    """The page, parsed."""
    return html_page.parse(page.render(findings))


def test_no_section_is_missing(root: Any) -> None:
    """The photographs are found through the run, and every section has its content."""
    assert not list(html_page.elements(root, **{"class": "missing"}))
    assert len(list(root.iter("section"))) == 15


def test_curves_of_both_stages_are_drawn(root: Any) -> None:
    """Accuracy and loss, with the stages' names."""
    charts = list(root.find(".//section[@id='curves']").iter(html_page.SVG + "svg"))
    words = [{"".join(text.itertext()) for text in chart.iter(html_page.SVG + "text")} for chart in charts]
    assert len(charts) == 2
    assert all({"head", "3 epochs", "fine-tuning", "2 epochs", "training", "validation"} <= found for found in words)


def test_float_and_int8_are_compared_photograph_by_photograph(root: Any, findings: Findings, world: World) -> None:
    """Right answers and flips are what asking both models one by one gives."""
    bundle = model_bundle.open_model(world.bundle)
    assert bundle.card is not None
    models = [
        Classifier(LiteRtInterpreter(content, name="x"), replace(bundle.card, golden=None))
        for content in (bundle.content, tiny_model.classifier_model("float32"))
    ]
    pictures = [(photograph.label, read_picture(photograph.path)) for photograph in findings.found.test]
    said = [[model.classify_pixels(pixels).categories[0].label.index for _, pixels in pictures] for model in models]
    right = [sum(answer == label for answer, (label, _) in zip(given, pictures, strict=True)) for given in said]
    assert html_page.said(root, data_figure="int8-right") == str(right[0])
    assert html_page.said(root, data_figure="float-right") == str(right[1])
    flips = sum(one != other for one, other in zip(*said, strict=True))
    assert html_page.said(root, data_figure="flips") == str(flips)


def test_right_and_wrong_answers_are_looked_into(root: Any, findings: Findings) -> None:
    """A right answer has two pictures, a wrong one three: the view, the answer's heat and the truth's."""
    figures = list(root.find(".//section[@id='looks']").iter("figure"))
    counts = sorted(len(list(figure.iter("img"))) for figure in figures)
    assert counts == [2] * 4 + [3] * 2
    assert findings.learnt is not None
    assert findings.learnt.looks is not None
    for look in findings.learnt.looks:
        right = findings.answers.right[look.position]
        assert (look.truth is None) == right
        assert look.said.shape == look.view.shape == (32, 32, 3)


def test_neighbours_are_those_of_the_features(root: Any, findings: Findings) -> None:
    """The features of this model are mean colours, so the nearest photograph is the one of nearest mean colour."""
    colours = []
    for _, photograph in findings.found.every:
        view = importlib.import_module("insect_edge.preprocess").to_model_pixels(
            read_picture(photograph.path), region=None, contract=findings.subject.card.input
        )
        colours.append((view / 127.5 - 1).mean(axis=(0, 1)))
    unit = np.array(colours) / np.linalg.norm(colours, axis=1, keepdims=True)
    distance = 1 - unit @ unit.T
    np.fill_diagonal(distance, np.inf)
    assert findings.learnt is not None
    assert findings.learnt.neighbours is not None
    assert findings.learnt.neighbours.distance == pytest.approx(distance.min(axis=1), abs=1e-4)
    assert "Each of 48 photographs" in "".join(root.find(".//section[@id='unusual']").itertext())


def test_torn_twins_are_told_apart_from_harmless_ones(world: World) -> None:
    """A photograph under two labels is among the pairs that do harm; the other list has one part and label a pair."""
    twins = report_world.build(world.home / "twins", copies={("background", 1): (STRANGE, 1)})
    (twins.run / "float.keras").write_bytes((world.run / "float.keras").read_bytes())
    root = html_page.parse(page.render(workflow.find_out(options(twins))))
    torn, harmless = root.findall(".//section[@id='unusual']/ul[@class='cards pairs']")
    assert ["background/01.png (train)", f"{STRANGE}/01.png (train)"] in told(torn)
    assert all(places(pair) == 2 for pair in told(torn))
    assert all(places(pair) == 1 for pair in told(harmless))


def told(pairs: Any) -> list[list[str]]:
    """Name and part of both photographs of each pair."""
    return [["".join(one.itertext()) for one in figure.iter("small")] for figure in pairs.iter("figure")]


def places(pair: list[str]) -> int:
    """How many labels and parts two photographs are in."""
    return len({(name.split("/")[0], name.split()[-1]) for name in pair})


def test_a_run_alone_has_a_page(world: World) -> None:
    """The float model is measured itself; what only a bundle has is said to be lacking."""
    workflow.report(options(world, place=world.run, run=None, out=world.home / "run.html"))
    root = html_page.parse((world.home / "run.html").read_text(encoding="utf-8"))
    assert html_page.said(root, data_figure="of") == "20"
    missing = [section.get("id") for section in root.iter("section") if section.find("p[@class='missing']") is not None]
    assert missing == ["orders", "flips"]
    assert "float, not yet quantized" in "".join(root.find(".//header").itertext())


def test_a_float_model_of_something_else_is_refused(world: World, tmp_path: Path) -> None:
    """Other outputs than the card has labels are one clear line."""
    keras = importlib.import_module("keras")
    pictures = keras.Input((32, 32, 3))
    keras.Model(pictures, keras.layers.Dense(7)(keras.layers.Flatten()(pictures))).save(tmp_path / "other.keras")
    with pytest.raises(
        InsectEdgeError, match=r"other\.keras: 7 outputs for pictures .* the card says 4 labels"
    ) as told:
        workflow.find_out(options(world, run=None, data=world.data, float_file=tmp_path / "other.keras"))
    assert "\n" not in str(told.value)


def test_a_network_without_a_map_leaves_the_section_out(world: World, tmp_path: Path) -> None:
    """A network of dense layers alone cannot be looked into; the page says why and has all the rest."""
    keras = importlib.import_module("keras")
    pictures = keras.Input((32, 32, 3))
    keras.Model(pictures, keras.layers.Dense(4)(keras.layers.Flatten()(pictures))).save(tmp_path / "flat.keras")
    asked = options(world, run=None, data=world.data, float_file=tmp_path / "flat.keras", limit=2)
    root = html_page.parse(page.render(workflow.find_out(asked)))
    assert "no layer has a map of features" in "".join(root.find(".//section[@id='looks']").itertext())
    assert root.find(".//section[@id='unusual']//figure") is not None
