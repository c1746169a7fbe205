"""The job of `prepare`, from the user's photographs to a list of them that can be learnt from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from insect_converter import dataset, manifest, progress, split
from insect_converter.errors import DatasetError
from insect_converter.manifest import Entry
from insect_converter.parts import Part
from insect_converter.prepare import (
    balance,
    cleaning,
    distribution,
    findings,
    folders,
    inspection,
    output,
    sources,
    summary,
)
from insect_converter.prepare.findings import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from insect_converter.dataset import Dataset
    from insect_converter.prepare.inspection import Facts, Trouble
    from insect_converter.split import Split

FINDINGS_FILE = "findings.csv"
PLOT_FILE = "classes.png"
MISSING_SUFFIX = ".missing.txt"
CSV, PARQUET = "csv", "parquet"
DEFAULT_SHARES = (80.0, 10.0, 10.0)
"""Percent for training, test and validation; those of the recipes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user asked for; see the command's help.

    Attributes:
        data: photographs in any of the ways that `sources` knows.
        out: folder to write.
        background: folder of pictures of anything but insects, or None.
        wishes: classes and groups.
        shares: percent for training, test and validation, or None: as the data came divided.
        minimum: photographs that a class has to have, or None.
        maximum: photographs that a class may have, or None.
        minimum_side: pixels.
        form: `csv` or `parquet`.
        materialize: whether to write folders of the photographs, too.
        allow_missing: whether listed photographs may be absent.
        seed: of lots and division.
    """

    data: Path
    out: Path
    background: Path | None
    wishes: sources.Wishes
    shares: tuple[float, float, float] | None
    minimum: int | None
    maximum: int | None
    minimum_side: int
    form: str
    materialize: bool
    allow_missing: bool
    seed: int


def prepare(options: Options, *, tell: Callable[[str], object]) -> Path:
    """Photographs to a folder with manifest, findings and plot, and folders of photographs where they are wanted.

    Args:
        options: what the user asked for.
        tell: takes the lines that the user wants to see, as they become known.

    Returns:
        The manifest.

    Raises:
        InsectEdgeError: with one line that says what to do; then nothing was written but, where photographs are
            missing, the list of them.
    """
    _check(options)
    source = sources.read(options.data, options.wishes)
    found = dataset.of(source.labelled, background=options.background)
    if options.shares is not None:
        found = _undivided(found)
    tell(f"{options.data}: {source.kind}: {len(found.photographs):,} photographs of {len(found.labels)} classes")
    for note in source.notes:
        tell(note)
    present, missing = _present(found, options, tell=tell)
    with progress.bar(total=len(present.photographs), description="looking into pictures") as bar:
        facts, troubles = inspection.inspect([item.path for item in present.photographs], on_each=bar.update)
    refined = _refined(present, facts, troubles, options)
    divided = _divided(refined.dataset, facts, options)
    entries = _entries(divided, refined.dataset.labels, facts)
    about = [*missing, *cleaning.strangers(source.passed_over), *refined.findings]
    numbers = summary.counts(divided, refined.dataset.labels)
    for line in [*_cleaning_lines(about, options.out), *summary.table(numbers)]:
        tell(line)
    tell(summary.shares(numbers, asked=_asked(options, refined.dataset)))
    tell(f"{divided.groups:,} groups of near-duplicates or of one name, none of them in two parts")
    return _write(options, entries, about, plot=distribution.draw(numbers), tell=tell)


def _check(options: Options) -> None:
    """Refuse what can be refused before the long work begins."""
    output.check(options.out)
    if options.data.is_dir() and options.out.resolve().is_relative_to(options.data.resolve()):
        raise DatasetError(f"{options.out}: lies in the folder of the photographs: name a place outside of it")
    distribution.require()
    if options.form == PARQUET:
        manifest.import_parquet()


def _undivided(found: Dataset) -> Dataset:
    return replace(found, photographs=tuple(replace(item, split=None) for item in found.photographs))


def _present(found: Dataset, options: Options, *, tell: Callable[[str], object]) -> tuple[Dataset, list[Finding]]:
    """The photographs that are on the disk, and findings about the others, which are also named in a file.

    Raises:
        DatasetError: when there are others and the user did not allow it.
    """
    absent = inspection.absent(item.path for item in found.photographs)
    if not absent:
        return found, []
    listing = options.out.with_name(f"{options.out.name}{MISSING_SUFFIX}")
    output.write_list(listing, sorted(map(str, absent)))
    what = f"{len(absent):,} of {len(found.photographs):,} photographs are missing, they are named in {listing}"
    if not options.allow_missing:
        raise DatasetError(f"{what}: bring them, or go on without them with --allow-missing")
    tell(what)
    there = tuple(item for item in found.photographs if item.path not in absent)
    gone = [item for item in found.photographs if item.path in absent]
    return replace(found, photographs=there), [cleaning.finding(found, item, Kind.MISSING, "") for item in gone]


def _refined(
    present: Dataset, facts: Mapping[Path, Facts], troubles: Mapping[Path, Trouble], options: Options
) -> cleaning.Cleaned:
    """Cleaned, balanced, and with a name for every group."""
    cleaned = cleaning.clean(present, facts, troubles, minimum_side=options.minimum_side)
    cleaning.refuse_same_names(cleaned.dataset)
    steps = [cleaned, balance.drop_small(cleaned.dataset, minimum=options.minimum)]
    if options.maximum is not None:
        steps.append(balance.thin_large(steps[-1].dataset, facts, maximum=options.maximum, seed=options.seed))
    steps.append(cleaning.grouped(steps[-1].dataset, facts))
    return replace(steps[-1], findings=tuple(found for step in steps for found in step.findings))


def _divided(chosen: Dataset, facts: Mapping[Path, Facts], options: Options) -> Split:
    _, test, validation = options.shares or DEFAULT_SHARES
    # All near-duplicates carry the name of their group by now.
    alone = range(len(chosen.photographs))
    return split.divide(chosen, facts, validation=validation / 100, test=test / 100, seed=options.seed, near=alone)


def _entries(divided: Split, labels: Sequence[str], facts: Mapping[Path, Facts]) -> list[Entry]:
    return sorted(
        (
            Entry(
                path=item.path,
                name=item.name,
                label=labels[item.label],
                split=part,
                group=item.group,
                sha256=facts[item.path].sha256,
                difference_hash=facts[item.path].difference_hash,
                width=facts[item.path].width,
                height=facts[item.path].height,
            )
            for part in Part
            for item in divided.part(part)
        ),
        key=lambda entry: (entry.label, entry.name),
    )


def _cleaning_lines(found: Sequence[Finding], out: Path) -> list[str]:
    if not found:
        return ["cleaning found nothing"]
    return [f"cleaning, listed in {out / FINDINGS_FILE}:", *findings.lines(found)]


def _asked(options: Options, chosen: Dataset) -> str:
    if options.shares is not None:
        return f"asked: {'/'.join(f'{share:g}' for share in options.shares)}"
    given = {item.split for item in chosen.photographs}
    if given == {None}:
        return "by default"
    open_ = [part.value for part in summary.ORDER if part not in given]
    return "as the data came divided" + (f"; {' and '.join(open_)} taken from training" if open_ else "")


def _write(
    options: Options, entries: list[Entry], about: list[Finding], *, plot: bytes, tell: Callable[[str], object]
) -> Path:
    """Everything in one folder that is there whole or not at all."""
    written = entries
    places = folders.places(entries) if options.materialize else []
    if places:
        written = [replace(entry, path=options.out / place) for entry, place in zip(entries, places, strict=True)]
    serialize = manifest.to_parquet if options.form == PARQUET else manifest.to_csv
    name = f"manifest.{options.form}"
    with output.staged(options.out) as folder:
        with progress.bar(total=len(places), description="linking photographs") as bar:
            originals = {place: entry.path for place, entry in zip(places, entries, strict=False)}
            copied = folders.write(folder, originals, on_each=bar.update)
        (folder / name).write_bytes(serialize(written, folder=options.out))
        kept = frozenset(entry.name for entry in entries)
        (folder / FINDINGS_FILE).write_bytes(findings.to_csv(about, kept=kept))
        (folder / PLOT_FILE).write_bytes(plot)
    if places:
        how = f"{copied:,} of them copied, since they could not be linked" if copied else "all of them hard links"
        tell(f"{len(places):,} photographs in {', '.join(folders.FOLDERS.values())}, {how}")
    tell(f"wrote {options.out / name}")
    return options.out / name
