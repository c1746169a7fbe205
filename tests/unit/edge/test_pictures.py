"""The one decoder gives the same pixels whatever the file, and one clear line for whatever it cannot read."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from insect_edge.adapters import pictures
from insect_edge.adapters.pictures import decode_picture, read_picture
from insect_edge.errors import ImageError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

HEIGHT, WIDTH = 24, 40


def scene() -> NDArray[np.uint8]:
    """Four colours in four corners, none of them symmetrical; smooth enough for JPEG."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[: HEIGHT // 2, : WIDTH // 2] = (220, 30, 30)
    pixels[: HEIGHT // 2, WIDTH // 2 :] = (30, 200, 30)
    pixels[HEIGHT // 2 :, : WIDTH // 2] = (30, 30, 210)
    pixels[HEIGHT // 2 :, WIDTH // 2 :] = (200, 200, 40)
    return pixels


def encoded(suffix: str, pixels: NDArray[np.generic] | None = None) -> bytes:
    """That picture, whole."""
    good, data = cv2.imencode(suffix, scene() if pixels is None else pixels)
    assert good
    return data.tobytes()


def noise() -> NDArray[np.uint8]:
    """A picture that takes a good many bytes in any format."""
    return np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8)


def oriented(orientation: int) -> bytes:
    """The scene as a camera held that way would have stored it, in a PNG with an Exif chunk."""
    upright = scene()
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }[orientation]
    plain = encoded(".png", np.ascontiguousarray(stored))
    block = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)
    chunk = struct.pack(">I", len(block)) + b"eXIf" + block + struct.pack(">I", zlib.crc32(b"eXIf" + block))
    return plain[:33] + chunk + plain[33:]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp", ".tiff", ".ppm"])
def test_every_format_gives_the_same_pixels(suffix: str) -> None:
    """The same picture comes out of each format, in B, G, R order."""
    pixels = decode_picture(encoded(suffix), name="x")
    assert pixels.dtype == np.uint8
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(pixels.astype(int) - scene()).mean() < 6


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tiff"])
def test_grey_becomes_three_channels(suffix: str) -> None:
    """A grey picture has three equal channels."""
    grey = np.ascontiguousarray(scene()[..., 1])
    pixels = decode_picture(encoded(suffix, grey), name="x")
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert np.array_equal(pixels[..., 0], pixels[..., 2])
    assert np.abs(pixels[..., 0].astype(int) - grey).mean() < 6


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bits_become_eight(suffix: str, channels: int) -> None:
    """A 16-bit picture keeps its brightness, grey, colour or with alpha."""
    deep = scene().astype(np.uint16) * 257
    if channels == 4:
        deep = np.dstack([deep, np.full((HEIGHT, WIDTH), 65535, np.uint16)])
    pixels = decode_picture(encoded(suffix, np.ascontiguousarray(deep[..., 0]) if channels == 1 else deep), name="x")
    expected = scene()[..., :1].repeat(3, axis=2) if channels == 1 else scene()
    assert np.abs(pixels.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tiff"])
def test_transparency_shows_white(suffix: str) -> None:
    """What is transparent becomes white, what is opaque stays, and half-way is mixed."""
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alpha[: HEIGHT // 2, : WIDTH // 2] = 0
    alpha[HEIGHT // 2 :, : WIDTH // 2] = 128
    parameters = [cv2.IMWRITE_WEBP_QUALITY, 101] if suffix == ".webp" else []
    data = cv2.imencode(suffix, np.dstack([scene(), alpha]), parameters)[1].tobytes()
    pixels = decode_picture(data, name="x").astype(int)
    assert np.abs(pixels[2, 2] - 255).max() <= 1
    assert np.abs(pixels[-3, -3] - scene()[-3, -3]).max() <= 1
    assert np.abs(pixels[-3, 2] - (scene()[-3, 2].astype(int) + 255) // 2).max() <= 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(orientation: int) -> None:
    """However the camera was held, the picture comes out upright."""
    assert np.array_equal(decode_picture(oriented(orientation), name="x"), scene())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_agrees_with_opencv(orientation: int) -> None:
    """For JPEG our reading of Exif turns pictures just as OpenCV's does."""
    jpeg = encoded(".jpg")
    block = b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)
    data = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(decode_picture(data, name="x"), expected)


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    """A JPEG called .png is read as what it is."""
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(".jpg"))
    assert read_picture(path).shape == (HEIGHT, WIDTH, 3)


def test_one_pixel_is_a_picture() -> None:
    """The smallest picture is read."""
    assert decode_picture(encoded(".png", np.full((1, 1, 3), 7, np.uint8)), name="x").tolist() == [[[7, 7, 7]]]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".bmp", ".tiff"])
def test_truncated_pictures_are_refused(suffix: str, share: float) -> None:
    """A picture cut short is an error that names it, never grey pixels."""
    data = encoded(suffix, noise())
    with pytest.raises(ImageError, match=r"^cut\.jpg: (truncated|its .* data cannot be decoded)") as caught:
        decode_picture(data[: int(len(data) * share)], name="cut.jpg")
    assert "\n" not in str(caught.value)


def test_a_truncated_progressive_jpeg_is_refused() -> None:
    """Progressive JPEGs decode to something blurred when cut, which is refused as well."""
    data = cv2.imencode(".jpg", noise(), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    with pytest.raises(ImageError, match="truncated"):
        decode_picture(data[: len(data) * 9 // 10], name="x")


def test_a_damaged_png_is_refused() -> None:
    """A PNG with a flipped bit is an error."""
    data = bytearray(encoded(".png", noise()))
    data[len(data) // 2] ^= 4
    with pytest.raises(ImageError, match="damaged"):
        decode_picture(bytes(data), name="x")


def test_a_huge_picture_is_refused_by_its_header() -> None:
    """30,000 by 30,000 pixels are refused before any memory is taken for them."""
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )
    with pytest.raises(ImageError, match=r"^big: 30000x30000 is 900 megapixels, over the limit of 128"):
        decode_picture(data, name="big")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "the file is empty"),
        (b"this is text", "not a picture"),
        (b"\xff\xd8\xff", "truncated"),
        (b"BM", "truncated"),
        (b"GIF89a" + bytes(20), "cannot be decoded"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path: Path, content: bytes, complaint: str) -> None:
    """Files that are no pictures give one line with the file's name and what is wrong."""
    path = tmp_path / "text.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=complaint) as caught:
        read_picture(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file and a folder give one line each."""
    with pytest.raises(ImageError, match="no such file"):
        read_picture(tmp_path / "absent.jpg")
    with pytest.raises(ImageError, match="is a folder"):
        read_picture(tmp_path)


def test_a_file_larger_than_any_picture_is_refused(tmp_path: Path) -> None:
    """A file of many gigabytes is not read into memory whole."""
    path = tmp_path / "disk.img"
    with path.open("wb") as file:
        file.truncate(3 << 30)
    with pytest.raises(ImageError, match="over 512 MiB"):
        read_picture(path)


def test_nothing_but_our_own_error_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    """OpenCV's decoders print nothing of their own beside our error."""
    broken = [data[: len(data) // 2] for data in map(encoded, (".jpg", ".png", ".bmp", ".tiff", ".webp"))]
    for data in [*broken, b"GIF89a" + bytes(20)]:
        with pytest.raises(ImageError):
            decode_picture(data, name="x")
    assert capfd.readouterr() == ("", "")


def test_a_stream_is_read_no_further_than_a_picture_can_be_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who pipes without end into the program gets one line, and memory stays bounded."""
    monkeypatch.setattr(pictures, "_MAXIMUM_BYTES", 1000)
    stream = io.BytesIO(b"\0" * 5000)
    with pytest.raises(ImageError, match="standard input: over 0 MiB: too large"):
        pictures.read_picture_stream(stream, name="standard input")
    assert stream.tell() == 1001
