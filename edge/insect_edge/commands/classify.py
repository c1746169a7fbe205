"""`insect-edge classify`: say what is on pictures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from insect_edge import model_bundle
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.adapters.pictures import read_picture, read_picture_stream
from insect_edge.classifier import Classifier
from insect_edge.domain import UNKNOWN
from insect_edge.errors import EXIT_FAILURE, EXIT_OK, ImageError, InsectEdgeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from insect_edge.domain import Category, Classification, Evidence

STANDARD_INPUT = "-"


@click.command()
@click.argument("images", nargs=-1, required=True, metavar="IMAGE...")
@click.option(
    "--model", type=click.Path(path_type=Path), help="Bundle folder or .tflite file; default: the built-in one."
)
@click.option("--labels", type=click.Path(path_type=Path), help="Label file of a bare .tflite, one label a line.")
@click.option("--top", type=click.IntRange(min=1), default=5, show_default=True, help="How many categories to show.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option(
    "--annotate",
    "annotated",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="Write the picture with label and score drawn on; a folder for several pictures.",
)
@click.option("--threads", type=click.IntRange(min=1, max=64), default=1, show_default=True, help="For inference.")
def command(
    *,
    images: tuple[str, ...],
    model: Path | None,
    labels: Path | None,
    top: int,
    as_json: bool,
    annotated: Path | None,
    threads: int,
) -> int:
    """Say what is on each IMAGE ('-' reads one from standard input): the top categories and the verdict."""
    outputs = _annotation_paths(images, annotated)
    classifier = _classifier(model, labels, top=top, threads=threads)
    failed = False
    for source, output in zip(images, outputs, strict=True):
        try:
            pixels = _read(source)
            classification = classifier.classify_pixels(pixels)
            if output is not None:
                _write_annotated(output, pixels, classification)
        except InsectEdgeError as error:
            click.echo(f"insect-edge: {error}", err=True)
            failed = True
        else:
            name = classifier.card.model_id
            _say(_line(source, name, classification) if as_json else _block(source, classification))
    return EXIT_FAILURE if failed else EXIT_OK


def _say(text: str) -> None:
    try:
        click.echo(text)
    except BrokenPipeError:  # the reader (head, less) has gone: click ends without a word
        raise
    except OSError as error:
        raise InsectEdgeError(f"the answer cannot be written ({error.strerror}): make room") from error


def _classifier(model: Path | None, labels: Path | None, *, top: int, threads: int) -> Classifier:
    bundle = model_bundle.open_model(model if model is not None else model_bundle.default_path(), labels=labels)
    interpreter = LiteRtInterpreter(bundle.content, name=bundle.name, threads=threads)
    return Classifier(interpreter, bundle.card_for(interpreter), top=top)


def _read(source: str) -> NDArray[np.uint8]:
    if source != STANDARD_INPUT:
        return read_picture(Path(source))
    if sys.stdin is None:
        raise ImageError("standard input is closed: pipe a picture into it")
    return read_picture_stream(sys.stdin.buffer, name="standard input")


def _write_annotated(path: Path, pixels: NDArray[np.uint8], classification: Classification) -> None:
    from insect_edge.adapters.picture_writer import write_picture  # noqa: PLC0415 - start-up time: only who draws pays
    from insect_edge.annotate import annotate  # noqa: PLC0415 - the same

    write_picture(path, annotate(pixels, classification))


def _annotation_paths(images: tuple[str, ...], annotated: Path | None) -> list[Path | None]:
    """Where each annotated picture goes: the file named, or files of the pictures' names in a folder."""
    if annotated is None:
        return [None] * len(images)
    try:
        if len(images) == 1 and not annotated.is_dir():
            return _apart([annotated], images)
        if annotated.exists() and not annotated.is_dir():
            raise click.UsageError(f"--annotate {annotated}: with {len(images)} pictures it must be a folder")
        annotated.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"{annotated}: the folder cannot be made ({error.strerror}): name another one") from error
    return _apart([annotated / f"{name}.png" for name in _names(images)], images)


def _names(images: tuple[str, ...]) -> list[str]:
    """A file name without suffix for each picture, numbered where two would share one."""
    stems = ["standard-input" if source == STANDARD_INPUT else Path(source).stem for source in images]
    names: list[str] = []
    for number, stem in enumerate(stems, start=1):
        name = stem if stems.count(stem) == 1 else f"{stem}-{number}"
        while name in names:
            name = f"{name}-{number}"
        names.append(name)
    return names


def _apart(outputs: list[Path], images: tuple[str, ...]) -> list[Path | None]:
    """Make sure that no picture is overwritten by its own annotation or another's."""
    pictures = {_identity(Path(source)) for source in images if source != STANDARD_INPUT}
    for output in outputs:
        if _identity(output) in pictures - {None}:
            raise click.UsageError(f"--annotate: {output} is one of the pictures: name another file or folder")
    return [*outputs]


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file a path leads to, by whatever name; None where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _line(source: str, model_id: str, classification: Classification) -> str:
    verdict = classification.verdict
    content = {
        "source": source,
        "model_id": model_id,
        "inference_ms": round(classification.inference_ms, 3),
        "verdict": {
            "label": verdict.label,
            "role": verdict.role,
            "score": round(verdict.score, 6),
            "threshold": verdict.threshold,
        }
        if verdict
        else None,
        **({"evidence": _evidence(evidence)} if (evidence := classification.evidence) else {}),
        "categories": [_category(category) for category in classification.categories],
    }
    # Escaped, it can be written whatever the terminal's encoding is and whatever bytes a file is called by.
    return json.dumps(content)


def _evidence(evidence: Evidence) -> dict[str, float]:
    return {"presence": round(evidence.presence, 6), "familiarity": round(evidence.familiarity, 4)}


def _category(category: Category) -> dict[str, Any]:
    label, taxon = category.label, category.label.taxon
    return {
        "index": label.index,
        "label": label.name,
        "score": round(category.score, 6),
        "role": label.role,
        "taxon": {"order": taxon.order, "family": taxon.family, "genus": taxon.genus} if taxon else None,
    }


def _block(source: str, classification: Classification) -> str:
    """The answer for people: verdict, table, time."""
    width = max(len("label"), *(len(category.label.name) for category in classification.categories))
    rows = [
        f"  {rank:>4}  {category.label.name:<{width}}  {category.score:5.3f}"
        for rank, category in enumerate(classification.categories, start=1)
    ]
    head = f"{source}: {_verdict(classification)}  ({classification.inference_ms:.1f} ms inference)"
    return "\n".join([head, f"  {'rank':>4}  {'label':<{width}}  score", *rows, ""])


def _verdict(classification: Classification) -> str:
    verdict = classification.verdict
    if verdict is None:
        return "no verdict"
    if verdict.label == UNKNOWN:
        return "something unknown"
    return f"{verdict.label} ({verdict.role})" if verdict.role else verdict.label
