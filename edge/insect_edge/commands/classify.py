"""`insect-edge classify`: say what is on pictures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from insect_edge import answers, model_bundle
from insect_edge.adapters.litert import LiteRtInterpreter
from insect_edge.adapters.pictures import read_picture, read_picture_stream
from insect_edge.classifier import Classifier
from insect_edge.errors import EXIT_FAILURE, EXIT_OK, ImageError, InsectEdgeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from insect_edge.regions.pictures import Picture

STANDARD_INPUT = "-"
WHOLE = "whole"
_MODES = (WHOLE, "grid", "contrast", "auto")
_NOT_FOR_PICTURES = {
    "motion": "motion needs a camera or a video: try contrast or auto",
    "areas": "areas are a camera's, from its configuration: cut the picture, or try grid or auto",
}


if TYPE_CHECKING:
    _Choice = click.Choice[str]
else:
    _Choice = click.Choice  # before click 8.2 it takes no type


class _Mode(_Choice):
    """One of the ways to search a picture; says of the daemon's others why they are none."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value in _NOT_FOR_PICTURES:
            self.fail(_NOT_FOR_PICTURES[value], param, ctx)
        return super().convert(value, param, ctx)


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
@click.option(
    "--regions",
    "mode",
    type=_Mode(_MODES),
    default=WHOLE,
    show_default=True,
    help="Where to look: the centred square; overlapping tiles; what stands out from a sheet, card or wall; or, where "
    "the whole picture gives no answer, wherever an animal may be.",
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
    mode: str,
    threads: int,
) -> int:
    """Say what is on each IMAGE ('-' reads one from standard input): the top categories and the verdict."""
    outputs = _annotation_paths(images, annotated)
    classifier = _classifier(model, labels, top=top, threads=threads)
    failed = False
    for source, output in zip(images, outputs, strict=True):
        try:
            said = _looked_at(source, output, classifier, mode=mode, as_json=as_json)
        except InsectEdgeError as error:
            click.echo(f"insect-edge: {error}", err=True)
            failed = True
        else:
            _say(said)
    return EXIT_FAILURE if failed else EXIT_OK


def _looked_at(source: str, output: Path | None, classifier: Classifier, *, mode: str, as_json: bool) -> str:
    """What is to be said of one picture; drawn onto it, too, where that is wanted."""
    pixels, name = _read(source), classifier.card.model_id
    if mode == WHOLE:
        classification = classifier.classify_pixels(pixels)
        if output is not None:
            from insect_edge.annotate import annotate  # noqa: PLC0415 - start-up time: only who draws pays

            _write(output, annotate(pixels, classification))
        return answers.line(source, name, classification) if as_json else answers.block(source, classification)
    picture = _searched(pixels, classifier, mode=mode)
    if output is not None:
        from insect_edge.annotate_regions import annotate_regions  # noqa: PLC0415 - the same

        _write(output, annotate_regions(pixels, picture.sightings, answer=picture.answer))
    return answers.line_of_regions(source, name, picture) if as_json else answers.block_of_regions(source, picture)


def _searched(pixels: NDArray[np.uint8], classifier: Classifier, *, mode: str) -> Picture:
    from insect_edge.regions.pictures import MODES, search  # noqa: PLC0415 - the same

    return search(pixels, classifier, mode=MODES[mode])


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


def _write(path: Path, pixels: NDArray[np.uint8]) -> None:
    from insect_edge.adapters.picture_writer import write_picture  # noqa: PLC0415 - the same

    write_picture(path, pixels)


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
