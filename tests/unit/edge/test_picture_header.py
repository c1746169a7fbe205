"""What a picture's header says is read right, and damage never crashes the reader."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insect_edge.picture_header import PictureHeader, read_header

WIDTH, HEIGHT = 37, 23


def encoded(suffix: str, *, parameters: tuple[int, ...] = ()) -> bytes:
    """A noisy picture of that format, whole."""
    pixels = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    good, data = cv2.imencode(suffix, pixels, list(parameters))
    assert good
    return data.tobytes()


WHOLE = {
    "JPEG": encoded(".jpg"),
    "PNG": encoded(".png"),
    "BMP": encoded(".bmp"),
    "WebP": encoded(".webp"),
    "TIFF": encoded(".tiff"),
    "GIF": b"GIF89a" + struct.pack("<HH", WIDTH, HEIGHT) + b"\0\0\0;",
}


def exif(orientation: int, *, order: str = "<") -> bytes:
    """A TIFF structure that holds nothing but an orientation."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(order + "HHIHH", 274, 3, 1, orientation, 0)
    return mark + struct.pack(order + "IH", 8, 1) + entry + struct.pack(order + "I", 0)


def with_exif(jpeg: bytes, block: bytes) -> bytes:
    """A JPEG with an Exif segment behind its first two bytes."""
    content = b"Exif\0\0" + block
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + jpeg[2:]


def chunk(name: bytes, content: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


@pytest.mark.parametrize("picture_format", WHOLE)
def test_size_and_format_are_read(picture_format: str) -> None:
    """Each format tells its own name and size."""
    header = read_header(WHOLE[picture_format])
    assert header is not None
    assert (header.format, header.width, header.height) == (picture_format, WIDTH, HEIGHT)
    assert header.complete
    assert not header.damaged


def test_progressive_jpeg_is_read() -> None:
    """A JPEG of many scans is whole when its last one is."""
    data = encoded(".jpg", parameters=(cv2.IMWRITE_JPEG_PROGRESSIVE, 1))
    header = read_header(data)
    assert header == PictureHeader(format="JPEG", width=WIDTH, height=HEIGHT)


def test_lossless_webp_is_read() -> None:
    """The lossless kind of WebP has a header of its own."""
    header = read_header(encoded(".webp", parameters=(cv2.IMWRITE_WEBP_QUALITY, 101)))
    assert header is not None
    assert (header.width, header.height) == (WIDTH, HEIGHT)


def test_extended_webp_is_read() -> None:
    """The extended kind of WebP tells its canvas, its alpha and its Exif orientation."""
    extension = b"VP8X" + struct.pack("<I", 10) + bytes([0x18, 0, 0, 0]) + b"\x63\x00\x00" + b"\x31\x00\x00"
    block = b"EXIF" + struct.pack("<I", len(exif(6))) + exif(6)
    body = b"WEBP" + extension + block
    header = read_header(b"RIFF" + struct.pack("<I", len(body)) + body)
    assert header == PictureHeader(format="WebP", width=100, height=50, alpha=True, orientation=6)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "WebP"])
def test_a_missing_end_is_seen(picture_format: str, share: float) -> None:
    """A file cut short is not complete, wherever it was cut."""
    data = WHOLE[picture_format]
    header = read_header(data[: int(len(data) * share)])
    assert header is not None
    assert not header.complete


def test_the_end_of_a_thumbnail_is_not_the_end() -> None:
    """A JPEG cut short stays incomplete although the thumbnail inside its Exif block has an end."""
    whole = with_exif(WHOLE["JPEG"], exif(1) + b"\xff\xd8\xff\xd9")
    header = read_header(whole[: len(whole) // 2])
    assert header is not None
    assert not header.complete


def test_bytes_after_the_end_do_no_harm() -> None:
    """Phones append things to JPEGs."""
    header = read_header(WHOLE["JPEG"] + b"appended" * 100)
    assert header is not None
    assert header.complete


def test_a_wrong_checksum_is_damage() -> None:
    """A flipped bit in a PNG is noticed."""
    data = bytearray(WHOLE["PNG"])
    data[len(data) // 2] ^= 1
    header = read_header(bytes(data))
    assert header is not None
    assert header.damaged


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_read(orientation: int, order: str) -> None:
    """Exif orientation is found in either byte order."""
    header = read_header(with_exif(WHOLE["JPEG"], exif(orientation, order=order)))
    assert header is not None
    assert header.orientation == orientation


@pytest.mark.parametrize("block", [b"", b"II", exif(1)[:12], exif(9), exif(0)])
def test_a_broken_exif_block_means_upright(block: bytes) -> None:
    """What cannot be understood turns nothing."""
    header = read_header(with_exif(WHOLE["JPEG"], block))
    assert header is not None
    assert header.orientation == 1
    assert header.complete


def test_png_orientation_and_transparency_are_read() -> None:
    """The chunks of a PNG tell its orientation and that a palette holds transparency."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 5, 4, 8, 3, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + head + chunk(b"eXIf", exif(8)) + chunk(b"tRNS", b"\0") + chunk(b"IEND", b"")
    assert read_header(data) == PictureHeader(format="PNG", width=5, height=4, alpha=True, orientation=8)


def test_what_is_no_picture_has_no_header() -> None:
    """Text, nothing and this source file are none of the formats."""
    assert read_header(b"") is None
    assert read_header(b"hello, I am text") is None
    assert read_header(Path(__file__).read_bytes()) is None


@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_no_damage_crashes_the_reader(picture_format: str, data: st.DataObject) -> None:
    """Any cut and any flipped bytes give an answer, never an exception."""
    broken = bytearray(WHOLE[picture_format])
    for _ in range(data.draw(st.integers(0, 8))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    read_header(bytes(broken[: data.draw(st.integers(0, len(broken)))]))


@given(st.binary(max_size=200), st.sampled_from([b"\xff\xd8\xff", b"II*\0", b"RIFF\0\0\0\0WEBP", b"BM", b"GIF89a"]))
def test_no_garbage_crashes_the_reader(garbage: bytes, signature: bytes) -> None:
    """Garbage behind a signature gives an answer, never an exception."""
    assert read_header(signature + garbage) is not None
