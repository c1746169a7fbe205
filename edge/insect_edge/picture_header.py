"""What the first bytes of a picture say about it, read before a decoder sees (and allocates) anything.

Decoders trust headers: thirty bytes can ask for gigabytes, and some fill what is missing of a truncated file with
grey without a word. So size and completeness are judged here. Sources: ITU-T T.81 (JPEG), the W3C's PNG
specification, GIF89a, RFC 9649 (WebP), TIFF 6.0 and Exif 2.32, Microsoft's BITMAPINFOHEADER.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_START_OF_SCAN = 0xDA
_JPEG_EXIF = 0xE1
_PNG_ALPHA_COLOUR_TYPES = (4, 6)
_BMP_CORE_HEADER_BYTES = 12
_WEBP_VP8X_ALPHA = 0x10
_TIFF_SHORT = 3
_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_PHOTOMETRIC, _TIFF_ORIENTATION, _TIFF_SAMPLES = 256, 257, 262, 274, 277
_TIFF_RGB, _TIFF_RGBA_SAMPLES = 2, 4
_UPRIGHT, _LAST_ORIENTATION = 1, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureHeader:
    """What a picture says about itself.

    Attributes:
        format: `JPEG`, `PNG`, `GIF`, `BMP`, `WebP` or `TIFF`, whatever the file is called.
        width: pixels, before `orientation`; 0 where the header itself is cut off.
        height: the same.
        complete: false where the end is known to be missing; formats whose decoders notice by themselves are true.
        damaged: a checksum inside does not hold.
        alpha: some pixels may be transparent.
        orientation: Exif orientation to be applied by the caller, 1 (upright) to 8.
    """

    format: str
    width: int
    height: int
    complete: bool = True
    damaged: bool = False
    alpha: bool = False
    orientation: int = _UPRIGHT


def read_header(data: bytes) -> PictureHeader | None:
    """What `data` says about itself; None where it is none of the six formats."""
    for picture_format, signature, parse in _FORMATS:
        if signature(data):
            try:
                return parse(data)
            except (struct.error, IndexError):  # the header runs past the end
                return PictureHeader(format=picture_format, width=0, height=0, complete=False)
    return None


def _jpeg(data: bytes) -> PictureHeader:
    """Walk the segments up to the first scan.

    Behind it 0xFF is stuffed with 0x00, so 0xFFD9 ends the picture; before it, that pair may belong to a thumbnail.
    """
    width = height = 0
    orientation = _UPRIGHT
    for marker, start, length in _jpeg_segments(data):
        if marker in _JPEG_START_OF_FRAME:
            height, width = struct.unpack_from(">HH", data, start + 1)
        elif marker == _JPEG_EXIF and data.startswith(b"Exif\0\0", start):
            orientation = _exif_orientation(data[start + 6 : start + length])
        elif marker == _JPEG_START_OF_SCAN:
            complete = data.find(b"\xff\xd9", start + length) >= 0
            return PictureHeader(format="JPEG", width=width, height=height, complete=complete, orientation=orientation)
    return PictureHeader(format="JPEG", width=width, height=height, complete=False)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and length of the content of each segment; bytes between segments are skipped, as decoders do."""
    position = 2
    while (position := data.find(b"\xff", position)) >= 0:
        marker = data[position + 1]
        if marker == 0xFF:  # noqa: PLR2004 # fill byte
            position += 1
        elif marker == 0 or marker in _JPEG_WITHOUT_LENGTH:
            position += 2
        else:
            (length,) = struct.unpack_from(">H", data, position + 2)
            yield marker, position + 4, length - 2
            position += 2 + max(length, 2)


def _png(data: bytes) -> PictureHeader:
    width, height = struct.unpack_from(">II", data, 16)
    alpha = data[25] in _PNG_ALPHA_COLOUR_TYPES
    orientation, damaged, complete = _UPRIGHT, False, False
    position = len(_PNG_SIGNATURE)
    while position + 12 <= len(data) and not complete:
        (length,) = struct.unpack_from(">I", data, position)
        name, end = data[position + 4 : position + 8], position + 8 + length
        if end + 4 > len(data):
            break
        damaged |= zlib.crc32(memoryview(data)[position + 4 : end]) != struct.unpack_from(">I", data, end)[0]
        complete = name == b"IEND"
        alpha |= name == b"tRNS"
        if name == b"eXIf":
            orientation = _exif_orientation(data[position + 8 : end])
        position = end + 4
    return PictureHeader(
        format="PNG",
        width=width,
        height=height,
        complete=complete,
        damaged=damaged,
        alpha=alpha,
        orientation=orientation,
    )


def _gif(data: bytes) -> PictureHeader:
    width, height = struct.unpack_from("<HH", data, 6)
    return PictureHeader(format="GIF", width=width, height=height, alpha=True)


def _bmp(data: bytes) -> PictureHeader:
    """The fourth byte of 32-bit pixels is left alone: most writers leave it 0 and mean opaque."""
    (header_bytes,) = struct.unpack_from("<I", data, 14)
    layout = "<HH" if header_bytes == _BMP_CORE_HEADER_BYTES else "<ii"
    width, height = struct.unpack_from(layout, data, 18)
    return PictureHeader(format="BMP", width=abs(width), height=abs(height))


def _webp(data: bytes) -> PictureHeader:
    (riff_length,) = struct.unpack_from("<I", data, 4)
    width, height, alpha = _webp_canvas(data)
    return PictureHeader(
        format="WebP",
        width=width,
        height=height,
        complete=len(data) >= 8 + riff_length,
        alpha=alpha,
        orientation=_webp_orientation(data),
    )


def _webp_canvas(data: bytes) -> tuple[int, int, bool]:
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
        return width, height, bool(data[20] & _WEBP_VP8X_ALPHA)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF, False


def _webp_orientation(data: bytes) -> int:
    position = 12
    while position + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, position)
        if name == b"EXIF":
            return _exif_orientation(data[position + 8 : position + 8 + length].removeprefix(b"Exif\0\0"))
        position += 8 + length + length % 2
    return _UPRIGHT


def _tiff(data: bytes) -> PictureHeader:
    """The first picture of the file; its orientation is applied by libtiff's callers themselves."""
    tags = _tiff_tags(data)
    return PictureHeader(
        format="TIFF",
        width=tags.get(_TIFF_WIDTH, 0),
        height=tags.get(_TIFF_HEIGHT, 0),
        alpha=tags.get(_TIFF_SAMPLES) == _TIFF_RGBA_SAMPLES and tags.get(_TIFF_PHOTOMETRIC) == _TIFF_RGB,
    )


def _exif_orientation(exif: bytes) -> int:
    """Orientation from an Exif block, which is a small TIFF file; upright where the block is damaged."""
    try:
        orientation = _tiff_tags(exif).get(_TIFF_ORIENTATION, _UPRIGHT)
    except (struct.error, IndexError):
        return _UPRIGHT
    return orientation if _UPRIGHT <= orientation <= _LAST_ORIENTATION else _UPRIGHT


def _tiff_tags(data: bytes) -> dict[int, int]:
    """The first value of each tag in the first directory, as far as it is a 16- or 32-bit number."""
    order = "<" if data[:2] == b"II" else ">"
    (directory,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, directory)
    tags: dict[int, int] = {}
    for index in range(count):
        entry = directory + 2 + 12 * index
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        (tags[tag],) = struct.unpack_from(order + ("H" if kind == _TIFF_SHORT else "I"), data, entry + 8)
    return tags


_FORMATS: tuple[tuple[str, Callable[[bytes], bool], Callable[[bytes], PictureHeader]], ...] = (
    ("JPEG", lambda data: data.startswith(b"\xff\xd8\xff"), _jpeg),
    ("PNG", lambda data: data.startswith(_PNG_SIGNATURE), _png),
    ("GIF", lambda data: data.startswith((b"GIF87a", b"GIF89a")), _gif),
    ("BMP", lambda data: data.startswith(b"BM"), _bmp),
    ("WebP", lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP", _webp),
    ("TIFF", lambda data: data.startswith((b"II*\0", b"MM\0*")), _tiff),
)
