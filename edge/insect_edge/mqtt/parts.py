"""Parts that several payloads share: categories, verdicts, regions, tracks, the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.mqtt.fields import rounded, time_of
from insect_edge.timekeeping import dated

if TYPE_CHECKING:
    from insect_edge import domain
    from insect_edge.alert_rule import FiredRule
    from insect_edge.mqtt import payload_types as types
    from insect_edge.mqtt.messages import Site
    from insect_edge.sightings import Path


def site(where: Site | None) -> types.Site | None:
    """Where the trap stands."""
    if where is None:
        return None
    return {"name": where.name, "latitude": where.latitude, "longitude": where.longitude}


def category(found: domain.Category) -> types.Category:
    """A label with its score, to four decimals."""
    label = found.label
    return {
        "index": label.index,
        "label": label.name,
        "score": round(found.score, 4),
        "role": label.role,
        "taxon": _taxon(label.taxon),
    }


def _taxon(taxon: domain.Taxon | None) -> types.Taxon | None:
    return None if taxon is None else {"order": taxon.order, "family": taxon.family, "genus": taxon.genus}


def verdict(found: domain.Verdict | None) -> types.Verdict | None:
    """What one frame amounts to."""
    if found is None:
        return None
    return {
        "label": found.label,
        "role": found.role,
        "score": round(found.score, 4),
        "threshold": round(found.threshold, 4),
    }


def region(part: domain.Region) -> types.Region:
    """Sides to four decimals: less than half a pixel of a frame 4096 pixels wide."""
    sides = (part.x, part.y, part.width, part.height)
    x, y, width, height = (round(side, 4) for side in sides)
    return {"x": x, "y": y, "width": width, "height": height}


def track(path: Path | None) -> types.Track | None:
    """Where one animal has been."""
    if path is None:
        return None
    return {
        "track_id": path.track_id,
        "first": region(path.first),
        "last": region(path.last),
        "length": round(path.length, 4),
        "seconds": round(path.seconds, 3),
    }


def rule(fired: FiredRule | None, *, at: domain.Moment) -> types.FiredRule | None:
    """The alert rule that fired at `at`, with figures to three decimals."""
    if fired is None:
        return None
    return {
        "kind": fired.kind,
        "label": fired.label,
        "words": fired.words,
        "count": fired.count,
        "value": rounded(fired.value, digits=3),
        "limit": rounded(fired.limit, digits=3),
        "per": fired.per,
        "factor": rounded(fired.factor, digits=3),
        "mean": rounded(fired.mean, digits=3),
        "since": None if fired.since is None else time_of(dated(fired.since, by=at)),
    }
