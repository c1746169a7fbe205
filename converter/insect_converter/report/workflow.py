"""From a bundle or a run to its page.

TensorFlow takes seconds to import, so it is imported once everything that can be refused has been looked at, and only
where there is a float model to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from insect_converter import dataset, progress, split_photographs, whole_file
from insect_converter.errors import DatasetError
from insect_converter.quiet import native_silence
from insect_converter.report import measured, page, subject
from insect_converter.report.findings import Findings
from insect_edge.domain import Role

if TYPE_CHECKING:
    from insect_converter.report.findings import Learnt
    from insect_converter.report.measured import Answers, Speed
    from insect_converter.report.subject import Subject
    from insect_converter.split_photographs import Found


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """What the user asked for; see the command's help."""

    place: Path
    data: Path | None
    background: Path | None
    run: Path | None
    float_file: Path | None
    out: Path
    limit: int | None
    force: bool


def report(options: ReportOptions) -> None:
    """Measure a model on its test photographs and write its page.

    Raises:
        InsectEdgeError: with one line that says what to do.
    """
    whole_file.check_place(options.out, replace=options.force)
    findings = find_out(options)
    text = page.render(findings)
    whole_file.write(options.out, text.encode(), replace=options.force)
    progress.say(f"wrote {options.out} ({len(text.encode()) / 1e6:.1f} MB)")


def find_out(options: ReportOptions) -> Findings:
    """Everything the page tells, before it is put into words.

    Raises:
        InsectEdgeError: as `report`.
    """
    about = subject.open_subject(options.place, run=options.run, float_file=options.float_file)
    found = _photographs(options, about)
    answers, speeds = _ask_integer(about, found)
    learnt = _learn(about, found, answers)
    if learnt is not None:
        speeds += (learnt.speed,)
    answers = answers or (learnt.floating if learnt is not None else None)
    if answers is None:
        raise DatasetError(f"{options.place}: a run without its float model: nothing can be asked")
    return Findings(
        subject=about,
        found=found,
        answers=answers,
        speeds=speeds,
        learnt=learnt,
        processor=measured.processor(),
        limit=options.limit,
    )


def _photographs(options: ReportOptions, about: Subject) -> Found:
    labels = [label.name for label in about.card.labels]
    data, background = _places(options, about)
    lying = dataset.read(data, background=background)
    if about.split_text is None:
        found = split_photographs.take_all(lying, labels=labels)
    else:
        rows = split_photographs.read_rows(about.split_text, source=str(options.place))
        found = split_photographs.find(rows, lying, labels=labels)
    if all(about.card.labels[photograph.label].role is Role.BACKGROUND for photograph in found.test):
        raise DatasetError(f"{data}: no test photograph shows an animal: name the folder of the animals with --data")
    for number, what in ((len(found.missing), "are not there"), (len(found.changed), "have changed")):
        if number:
            progress.say(f"{number} photographs of the split {what} and are left out; the page says so")
    return split_photographs.limited(found, per_label=options.limit) if options.limit else found


def _places(options: ReportOptions, about: Subject) -> tuple[Path, Path | None]:
    """The user's folders, else those of the run."""
    data, background = options.data, options.background
    if data is None and about.record is not None:
        data = Path(about.record.data)
        background = background or (Path(about.record.background) if about.record.background else None)
    if data is None:
        raise DatasetError(f"{options.place}: where its photographs lie is not known: name the folder with --data")
    return data, background


def _ask_integer(about: Subject, found: Found) -> tuple[Answers | None, tuple[Speed, ...]]:
    if about.content is None:
        return None, ()
    classifier = measured.load(about.content, about.card, name="int8")
    progress.say(f"asking {about.card.model_id} about {len(found.test)} test photographs")
    answers = measured.ask(classifier, found.test, name="int8")
    return answers, (measured.time_model(classifier, found.test[0], name="int8", size=len(about.content)),)


def _learn(about: Subject, found: Found, integer: Answers | None) -> Learnt | None:
    if about.floating is None:
        return None
    with native_silence():
        import tensorflow  # noqa: F401, PLC0415, ICN001 - see above; it greets everybody with what its build could do
    from insect_converter.report import learnt  # noqa: PLC0415 - see above

    return learnt.learn(about.floating, about.card, found, integer=integer)
