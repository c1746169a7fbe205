"""The page of a bundle: whole, self-contained, escaped, and every number as one counts it oneself."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the converter's extra is not installed")
pytest.importorskip("matplotlib", reason="the converter's extra is not installed")
pytest.importorskip("jinja2", reason="the converter's extra is not installed")
pytest.importorskip("tqdm", reason="the converter's extra is not installed")

from insect_converter import cli
from insect_converter.errors import DatasetError
from insect_converter.report import charts, workflow
from insect_converter.report.workflow import ReportOptions
from insect_edge import model_bundle
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.adapters.pictures import read_picture
from insect_edge.classifier import Classifier
from support import html_page, report_world, tiny_model
from support.report_world import LIARS, NAMES, STRANGE, World

SECTIONS = (
    *("summary", "samples", "distribution", "curves", "confusion", "labels", "orders", "reliability", "thresholds"),
    *("mistakes", "looks", "flips", "unusual", "speed", "origin"),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A small garden."""
    return report_world.build(tmp_path_factory.mktemp("garden"))


def options(world: World, out: Path, **changes: Any) -> ReportOptions:
    """What a user asks for who has the bundle and the photographs."""
    asked: dict[str, Any] = {"place": world.bundle, "data": world.data, "background": None, "run": None}
    return ReportOptions(**{**asked, "float_file": None, "out": out, "limit": None, "force": False, **changes})


@pytest.fixture(scope="module")
def text(world: World) -> str:
    """The page of the bundle alone."""
    out = world.home / "report.html"
    workflow.report(options(world, out))
    return out.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def root(text: str) -> Any:
    """The same, parsed."""
    return html_page.parse(text)


@pytest.fixture(scope="module")
def answers(world: World) -> list[tuple[str, str, float, str]]:
    """What asking one by one gives."""
    return ask(world)


def ask(world: World) -> list[tuple[str, str, float, str]]:
    """True label, answered label, score and verdict of every test photograph."""
    bundle = model_bundle.open_model(world.bundle)
    assert bundle.card is not None
    classifier = Classifier(LiteRtInterpreter(bundle.content, name="x"), bundle.card)
    found = []
    for row in csv.DictReader((world.run / "split.csv").read_text().splitlines()):
        if row["split"] == "test":
            given = classifier.classify_pixels(read_picture(world.data / row["name"]))
            best = given.categories[0]
            found.append((row["label"], best.label.name, best.score, given.verdict.label if given.verdict else ""))
    return found


def test_every_section_is_there(root: Any) -> None:
    """Each has its heading and its place in the contents; what is lacking is said in a sentence."""
    sections = {section.get("id"): section for section in root.iter("section")}
    assert tuple(sections) == SECTIONS
    assert [link.get("href") for link in root.find(".//nav").iter("a")] == [f"#{name}" for name in SECTIONS]
    missing = {name for name, section in sections.items() if section.find("p[@class='missing']") is not None}
    assert missing == {"curves", "looks", "flips", "unusual"}
    for name in ("looks", "flips", "unusual"):
        assert "name the run with --run, or the file with --float." in "".join(sections[name].itertext())


def test_nothing_is_fetched_and_nothing_runs(root: Any) -> None:
    """Pictures lie in the page, links stay in it, there is no script, and the page itself forbids all else."""
    assert all(reference.startswith(("#", "data:image/jpeg;base64,")) for reference in html_page.references(root))
    assert not {"script", "iframe", "link", "object"} & {element.tag for element in root.iter()}
    policy = [meta.get("content") for meta in root.iter("meta") if meta.get("http-equiv")]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_identifiers_are_the_pages_own(root: Any) -> None:
    """No identifier comes twice, and every reference within the page has its target."""
    identifiers = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(identifiers) == len(set(identifiers))
    targets = {reference[1:] for reference in html_page.references(root) if reference.startswith("#")}
    assert targets <= set(identifiers)


def test_labels_are_text_whatever_they_look_like(text: str, root: Any) -> None:
    """A label called like a tag is shown as it is written, in the words, the tables and the charts."""
    assert STRANGE not in text
    assert "&lt;b&gt;&amp;" in text
    labels = {"".join(row.find("th").itertext()) for row in root.find(".//section[@id='labels']//tbody").iter("tr")}
    assert labels == set(NAMES)
    drawn = {"".join(element.itertext()) for element in root.iter(html_page.SVG + "text")}
    assert STRANGE in drawn


def test_light_dark_paper_and_phone_are_thought_of(text: str) -> None:
    """The styles answer to the reader's scheme, to paper and to a narrow screen; charts take their colours there."""
    for condition in ("prefers-color-scheme: dark", "print", "max-width: 640px"):
        assert f"@media {condition}" in text or f"@media ({condition})" in text
    charts = re.findall(r'<svg role="img" aria-label="[^"]+" viewBox.*?</svg>', text, re.DOTALL)
    assert charts
    assert not any(re.search(r"#[0-9a-fA-F]{6}\b", chart) for chart in charts)


def test_the_headline_is_counted_right(root: Any, answers: list[tuple[str, str, float, str]]) -> None:
    """Right answers, verdicts of animals and false alarms are what asking one by one gives."""
    right = sum(truth == said for truth, said, _, _ in answers)
    assert html_page.said(root, data_figure="right") == str(right) == str(20 - len(LIARS))
    assert html_page.said(root, data_figure="of") == "20"
    assert html_page.said(root, data_figure="errors") == str(20 - right)
    animals = [(truth, verdict) for truth, _, _, verdict in answers if truth != "background"]
    shares = {
        "verdicts-right": sum(truth == verdict for truth, verdict in animals) / len(animals),
        "verdicts-silent": sum(not verdict for _, verdict in animals) / len(animals),
        "verdicts-wrong": sum(verdict not in {"", truth} for truth, verdict in animals) / len(animals),
        "verdicts-false": sum(bool(verdict) for truth, *_, verdict in answers if truth == "background") / 5,
    }
    for figure, share in shares.items():
        assert html_page.said(root, data_figure=figure) == f"{100 * share:.0f}"


def test_every_row_of_the_table_is_counted_right(root: Any, answers: list[tuple[str, str, float, str]]) -> None:
    """Recall, precision and F1 of each label are those of the textbook."""
    for index, name in enumerate(NAMES):
        row = next(html_page.elements(root, data_label=str(index)))
        hits = sum(truth == said == name for truth, said, *_ in answers)
        recall = hits / sum(truth == name for truth, *_ in answers)
        precision = hits / sum(said == name for _, said, *_ in answers)
        f1 = 2 * recall * precision / (recall + precision)
        for figure, value in (("recall", recall), ("precision", precision), ("f1", f1)):
            assert html_page.said(row, data_figure=figure) == f"{value:.3f}"


def test_rejected_photographs_are_told_apart(tmp_path: Path) -> None:
    """With a rejection on the card some animals are unknown; all shares are those of asking one by one."""
    other = report_world.build(tmp_path / "garden")
    card = json.loads((other.bundle / "card.json").read_text())
    limits = {"score": "max_logit", "threshold": 6.0, "presence": 0.6, "auroc": 0.93, "fpr_at_95_tpr": 0.4}
    card["rejection"] = {**limits, "fitted_on": "drawings"}
    (other.bundle / "card.json").write_text(json.dumps(card))
    workflow.report(options(other, tmp_path / "page.html"))
    root = html_page.parse((tmp_path / "page.html").read_text(encoding="utf-8"))
    verdicts = [verdict for truth, *_, verdict in ask(other) if truth != "background"]
    assert 0 < verdicts.count("unknown") < len(verdicts)
    for figure, verdict in (("verdicts-unknown", "unknown"), ("verdicts-silent", "")):
        assert html_page.said(root, data_figure=figure) == f"{100 * verdicts.count(verdict) / len(verdicts):.0f}"
    assert "an AUROC of 0.930" in "".join(root.find(".//section[@id='thresholds']").itertext())


def test_calibration_is_computed_from_the_outputs(root: Any, answers: list[tuple[str, str, float, str]]) -> None:
    """The error after temperature is that of the scores the Pi prints, over ten bins of equal mass."""
    sure = sorted((score, truth == said) for truth, said, score, _ in answers)
    bins = np.array_split(np.array(sure), 10)
    error = sum(len(part) * abs(part[:, 0].mean() - part[:, 1].mean()) for part in bins) / len(sure)
    assert float(html_page.said(root, data_figure="ece-after")) == pytest.approx(error, abs=1e-3)


def test_errors_fall_at_the_level_the_card_tells(root: Any) -> None:
    """A beetle called butterfly, of which the card tells no order, and a butterfly that was not seen."""
    assert html_page.said(root, data_level="NOT_STATED") == "1"
    assert html_page.said(root, data_level="MISSED") == "1"
    assert not list(html_page.elements(root, data_level="OTHER_ORDER"))


def test_the_distribution_is_that_of_the_split(root: Any) -> None:
    """Twelve of each label, the figure beside its bar."""
    assert [html_page.said(root, data_count=str(index)) for index in range(4)] == ["12"] * 4


def test_mistakes_are_shown_with_truth_answer_and_score(root: Any, answers: list[tuple[str, str, float, str]]) -> None:
    """Both, the surest first, each with its picture."""
    wrong = sorted((one for one in answers if one[0] != one[1]), key=lambda one: -one[2])
    shown = list(root.find(".//section[@id='mistakes']").iter("figure"))
    captions = [" ".join(figure.find("figcaption/span").itertext()) for figure in shown]
    assert captions == [f"{said} {score:.2f}" for _, said, score, _ in wrong]
    assert all(figure.find("img").get("src").startswith("data:image/jpeg") for figure in shown)
    assert Counter(label for label, _ in LIARS) == Counter(truth for truth, *_ in wrong)


def test_size_and_processor_are_told(root: Any, world: World) -> None:
    """The bytes are those of the file."""
    size = (world.bundle / "model.tflite").stat().st_size
    assert html_page.said(root, data_bytes=str(size)) == f"{size / 1e3:.1f} kB"


def test_what_was_left_out_is_said(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Photographs that changed are counted on the page and on the terminal; a limit is told too."""
    other = report_world.build(tmp_path / "garden")
    (other.data / "lily-beetle" / "09.png").write_bytes((world.data / "lily-beetle" / "00.png").read_bytes())
    (other.data / STRANGE / "10.png").unlink()
    workflow.report(options(other, tmp_path / "page.html", limit=3))
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    words = " ".join("".join(html_page.parse(page).find("body").itertext()).split())
    assert "2 photographs of the model's list are left out: 1 are not in the folders" in words
    assert "Only 3 photographs of each label were looked at" in words
    assert "1 photographs of the split have changed" in capsys.readouterr().err


def test_a_bare_model_has_a_page(tmp_path: Path, world: World) -> None:
    """No split, no taxa, no history: every photograph is a test photograph, and each section says what it lacks."""
    path = tiny_model.write_bare(tmp_path / "bare.tflite", softmax=True)
    workflow.report(options(world, tmp_path / "page.html", place=path))
    root = html_page.parse((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert html_page.said(root, data_figure="of") == "36"
    for name, told in (("orders", "The card tells no order"), ("reliability", "ends in scores")):
        assert told in "".join(root.find(f".//section[@id='{name}']").itertext())


def test_what_cannot_be_told_is_refused_before_any_work(world: World, tmp_path: Path) -> None:
    """No photographs named, or none of an animal, is one line, and nothing is written."""
    with pytest.raises(DatasetError, match="painted-v1: where its photographs lie is not known: name the folder with"):
        workflow.report(options(world, tmp_path / "page.html", data=None))
    other = report_world.build(tmp_path / "garden")
    for name in NAMES[1:]:
        for path in (other.data / name).iterdir():
            path.unlink()
    with pytest.raises(DatasetError, match="no test photograph shows an animal"):
        workflow.report(options(other, tmp_path / "page.html"))
    assert not (tmp_path / "page.html").exists()


def test_many_labels_get_a_picture_instead_of_a_table() -> None:
    """A confusion matrix of a hundred labels is drawn, their names still text, and strictly parsed."""
    names = [f"label {number}" for number in range(99)] + [STRANGE]
    chart = charts.confusion(np.eye(100, dtype=np.int64), labels=names)
    root = html_page.parse(f"<!DOCTYPE html><html><head><title>x</title></head><body>{chart}</body></html>")
    assert {"".join(text.itertext()) for text in root.iter(html_page.SVG + "text")} >= set(names)
    assert {reference[:22] for reference in html_page.references(root) if not reference.startswith("#")} == {
        "data:image/png;base64,"
    }


def command(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Exit code of `insect-converter report`."""
    monkeypatch.setattr(sys, "argv", ["insect-converter", "report", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    return int(left.value.code or 0)


def test_the_command_hands_its_options_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every option arrives as its type; what is not said is None."""
    asked: list[ReportOptions] = []
    monkeypatch.setattr(workflow, "report", asked.append)
    rest = ("--data", "d", "--float", "f.keras", "--limit", "3", "--force", "--out", tmp_path / "p.html")
    assert command(monkeypatch, "m-v1", *rest) == 0
    one = asked[0]
    assert (one.place, one.data, one.float_file) == (Path("m-v1"), Path("d"), Path("f.keras"))
    assert (one.run, one.background, one.limit, one.force, one.out) == (None, None, 3, True, tmp_path / "p.html")
    assert command(monkeypatch, "m-v1", "--out", "p.html", "--limit", "0") == 2


def test_what_goes_wrong_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], world: World, tmp_path: Path
) -> None:
    """A bundle that is none, and a page that is there already, end with exit code 1 and nothing written."""
    assert command(monkeypatch, tmp_path, "--data", world.data, "--out", tmp_path / "p.html") == 1
    assert "neither a bundle (no card.json) nor a run" in capsys.readouterr().err
    (tmp_path / "p.html").write_text("mine")
    assert command(monkeypatch, world.bundle, "--data", world.data, "--out", tmp_path / "p.html") == 1
    told = capsys.readouterr().err
    assert "p.html: there is something already: name another file, or say --force" in told
    assert told.count("\n") == 1
    assert (tmp_path / "p.html").read_text() == "mine"
