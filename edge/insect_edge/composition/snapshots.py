"""From a configuration to what keeps pictures of events on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from insect_edge.adapters.jpeg import encode_jpeg
from insect_edge.adapters.picture_writer import put_in_place, sweep
from insect_edge.composition.folders import snapshots_folder
from insect_edge.snapshots.album import Album, AlbumSettings

if TYPE_CHECKING:
    from insect_edge.config.sections import Config
    from insect_edge.domain import Frame


def make_album(config: Config) -> Album:
    """What keeps pictures within the configured budget."""
    keep = config.snapshots

    def encode(frame: Frame) -> bytes:
        return encode_jpeg(frame.pixels, width=keep.width)

    settings = AlbumSettings(
        folder=snapshots_folder(config), max_bytes=keep.max_bytes, min_free_bytes=keep.min_free_bytes
    )
    sweep(settings.folder)
    return Album(settings, encode=encode, write=put_in_place)
