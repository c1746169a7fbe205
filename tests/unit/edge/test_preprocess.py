"""From a region of a frame to a model's input tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insect_edge import preprocess
from insect_edge.card import CROPS, WHOLE_FRAME, InputContract
from insect_edge.domain import Region
from support.interpreter import spec

if TYPE_CHECKING:
    from numpy.typing import NDArray

sides = st.integers(1, 300)
fractions = st.floats(0, 1)


@st.composite
def regions(draw: st.DrawFn) -> Region:
    """Any region a frame can have, down to a hair's breadth in a corner."""
    x, y = draw(st.floats(0, 0.999)), draw(st.floats(0, 0.999))
    width = max(1e-4, draw(fractions) * (1 - x))
    height = max(1e-4, draw(fractions) * (1 - y))
    return Region(x=x, y=y, width=width, height=height)


def numbered(width: int, height: int) -> NDArray[np.uint8]:
    """A picture whose pixels say where they are, as far as bytes can."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows % 256, columns % 256, rows // 256 * 16 + columns // 256], axis=-1).astype(np.uint8)


def checkerboard(side: int) -> NDArray[np.uint8]:
    """Black and white in turn, one pixel each: the finest pattern there is."""
    rows, columns = np.mgrid[0:side, 0:side]
    return np.repeat(((rows + columns) % 2 * 255).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)


def noise(width: int, height: int) -> NDArray[np.uint8]:
    """Every pixel for itself, always the same."""
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)


def plain(pixels: NDArray[np.uint8], side: int, method: int) -> NDArray[np.uint8]:
    """OpenCV's own resizing."""
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=method), np.uint8)


@given(width=st.integers(1, 4000), height=st.integers(1, 4000))
def test_the_centre_square_is_looked_at_by_default(width: int, height: int) -> None:
    """Without a region it is the largest square in the middle of the frame, to the pixel."""
    pixels = np.broadcast_to(np.uint8(0), (height, width, 3))
    region = preprocess.look_at(pixels, region=None)
    seen = preprocess.crop(pixels, region)
    side = min(width, height)
    assert abs(seen.shape[0] - side) <= 1
    assert abs(seen.shape[1] - side) <= 1
    assert region.x + region.width / 2 == pytest.approx(0.5)
    assert region.y + region.height / 2 == pytest.approx(0.5)


@pytest.mark.parametrize("crop", CROPS)
def test_a_given_region_is_kept(crop: str) -> None:
    """A region that is asked for is the one looked at, whatever the model looks at by default."""
    region = Region(x=0.1, y=0.2, width=0.3, height=0.4)
    assert preprocess.look_at(np.zeros((4, 8, 3), np.uint8), region=region, crop=crop) is region


@given(width=sides, height=sides)
def test_a_model_of_whole_frames_sees_all_of_one(width: int, height: int) -> None:
    """Nothing is cut off; what is longer than wide, or wider than long, is squeezed to the model's size."""
    pixels = numbered(width, height)
    region = preprocess.look_at(pixels, region=None, crop=WHOLE_FRAME)
    assert preprocess.crop(pixels, region).shape == pixels.shape
    contract = InputContract(width=8, height=8, crop=WHOLE_FRAME)
    seen = preprocess.to_model_pixels(pixels, region=None, contract=contract)
    expected = preprocess.resize(pixels, width=8, height=8)[:, :, ::-1]
    np.testing.assert_array_equal(seen, expected)


@given(width=sides, height=sides, region=regions())
def test_a_crop_is_never_empty_and_stays_inside(width: int, height: int, region: Region) -> None:
    """Every region of every frame is at least one pixel, taken from where the region is."""
    pixels = numbered(width, height)
    seen = preprocess.crop(pixels, region)
    assert 1 <= seen.shape[0] <= height
    assert 1 <= seen.shape[1] <= width
    top = int(seen[0, 0, 0]) + int(seen[0, 0, 2]) // 16 * 256
    left = int(seen[0, 0, 1]) + int(seen[0, 0, 2]) % 16 * 256
    assert abs(top - region.y * height) <= 1
    assert abs(left - region.x * width) <= 1
    np.testing.assert_array_equal(seen, pixels[top : top + seen.shape[0], left : left + seen.shape[1]])


def test_a_crop_is_a_view() -> None:
    """Cropping copies nothing."""
    pixels = numbered(64, 48)
    assert np.shares_memory(preprocess.crop(pixels, Region(x=0.5, y=0.5, width=0.25, height=0.25)), pixels)


@settings(max_examples=60)
@given(width=sides, height=sides, target=st.tuples(st.integers(1, 96), st.integers(1, 96)))
def test_any_size_becomes_the_target_size(width: int, height: int, target: tuple[int, int]) -> None:
    """From one pixel to the largest picture, the result has the size asked for, and a plain colour stays itself."""
    pixels = np.full((height, width, 3), (10, 120, 230), np.uint8)
    small = preprocess.resize(pixels, width=target[0], height=target[1])
    assert small.shape == (target[1], target[0], 3)
    assert small.dtype == np.uint8
    assert (small == pixels[0, 0]).all()


@pytest.mark.parametrize(("width", "height"), [(40_000, 1), (1, 40_000), (30_000, 3), (5, 9000)])
def test_extreme_shapes_become_the_target_size(width: int, height: int) -> None:
    """A strip of a picture is resized like any other."""
    assert preprocess.resize(noise(width, height), width=224, height=224).shape == (224, 224, 3)


@pytest.mark.parametrize("side", [448, 896, 900, 1080, 1792, 2160])
def test_the_finest_pattern_becomes_grey(side: int) -> None:
    """Where whole pixels are averaged, a one-pixel checkerboard leaves nothing behind but even grey."""
    small = preprocess.resize(checkerboard(side), width=224, height=224)
    assert small.mean() == pytest.approx(127.5, abs=1.5)
    assert small.std() < 1


@pytest.mark.parametrize("side", [300, 480, 600, 720, 1000, 1080, 1500])
def test_resizing_antialiases(side: int) -> None:
    """Noise is averaged about as well as by area, at any ratio, where bilinear interpolation lets it through."""
    pixels = noise(side, side)
    ours = preprocess.resize(pixels, width=224, height=224).std()
    assert ours < 1.3 * plain(pixels, 224, cv2.INTER_AREA).std()
    assert ours < 0.85 * plain(pixels, 224, cv2.INTER_LINEAR).std()


def test_a_hd_frame_loses_most_of_the_finest_pattern() -> None:
    """At 720 rows, between two halvings, a one-pixel checkerboard keeps less contrast than bilinearly."""
    small = preprocess.resize(checkerboard(720), width=224, height=224)
    assert small.mean() == pytest.approx(127.5, abs=1.5)
    assert small.std() < 0.7 * plain(checkerboard(720), 224, cv2.INTER_LINEAR).std()


@pytest.mark.parametrize(("width", "height"), [(4000, 600), (600, 4000), (4000, 100)])
def test_each_axis_antialiases_by_itself(width: int, height: int) -> None:
    """A wide region is as clean along its long side as a square one, though its short side is halved less often."""
    stripes = np.zeros((height, width, 3), np.uint8)
    if width > height:
        stripes[:, ::2] = 255
    else:
        stripes[::2] = 255
    assert preprocess.resize(stripes, width=224, height=224).std() < 1


@pytest.mark.parametrize(
    ("side", "method"),
    [(26, cv2.INTER_CUBIC), (111, cv2.INTER_CUBIC), (112, cv2.INTER_LINEAR), (200, cv2.INTER_LINEAR)],
)
def test_small_crops_are_enlarged_smoothly(side: int, method: int) -> None:
    """To more than twice the size it is bicubic; up to that, what models were measured with stays."""
    pixels = np.random.default_rng(3).integers(0, 256, (side, side, 3), dtype=np.uint8)
    np.testing.assert_array_equal(preprocess.resize(pixels, width=224, height=224), plain(pixels, 224, method))


def test_resizing_keeps_things_in_their_place() -> None:
    """A bright quarter stays exactly its quarter: no shift, no mirror, no swapped axes."""
    pixels = np.zeros((720, 1280, 3), np.uint8)
    pixels[:360, 640:] = 200
    small = preprocess.resize(pixels, width=64, height=32).astype(int)
    assert (small[:15, 33:] == 200).all()
    assert (small[17:] == 0).all()
    assert (small[:, :31] == 0).all()


@pytest.mark.parametrize(
    ("order", "expected"), [("rgb", (30, 20, 10)), ("bgr", (10, 20, 30)), ("grey", (round(1.14 + 11.74 + 8.97),))]
)
def test_colours_come_in_the_models_order(order: str, expected: tuple[int, ...]) -> None:
    """The frame's B, G, R becomes what the card says; grey is the luma of ITU-R BT.601 in one channel."""
    pixels = np.full((20, 30, 3), (10, 20, 30), np.uint8)
    contract = InputContract(width=8, height=6, color_order=order)
    seen = preprocess.to_model_pixels(pixels, region=None, contract=contract)
    assert seen.shape == (6, 8, contract.channels)
    assert tuple(seen[3, 4].tolist()) == expected


quantizations = st.builds(
    spec,
    st.just((1, 1, 1, 3)),
    st.sampled_from(["uint8", "int8"]),
    scale=st.floats(1e-4, 4.0),
    zero_point=st.integers(-128, 255),
)


@given(mean=st.floats(-50, 300), std=st.floats(0.5, 300), tensor=quantizations)
def test_a_table_entry_is_the_specified_formula(mean: float, std: float, tensor: preprocess.TensorSpec) -> None:
    """Each entry is the nearest step to the real value; where the type's range ends, its last one."""
    contract = InputContract(width=1, height=1, mean=mean, std=std)
    table = preprocess.quantization_table(contract, tensor)
    assert table.shape == (256,)
    assert table.dtype == np.dtype(tensor.dtype)
    limits = np.iinfo(tensor.dtype)
    real = preprocess.normalize(np.arange(256, dtype=np.uint8), contract).astype(np.float64)
    steps = table.astype(np.float64)
    inside = (steps > limits.min) & (steps < limits.max)
    error = np.abs((steps - tensor.zero_point) * tensor.scale - real)
    assert (error[inside] <= tensor.scale * 0.5 * (1 + 1e-9) + 1e-12).all()
    assert (real[steps == limits.max] >= (limits.max - tensor.zero_point - 0.5) * tensor.scale - 1e-6).all()
    assert (real[steps == limits.min] <= (limits.min - tensor.zero_point + 0.5) * tensor.scale + 1e-6).all()


def test_real_values_follow_mean_and_deviation() -> None:
    """Black, middle and white land at -1, about 0 and 1 under MobileNet's contract."""
    contract = InputContract(width=1, height=1)
    table = preprocess.quantization_table(contract, spec((1, 1, 1, 3)))
    assert table.dtype == np.float32
    np.testing.assert_allclose(table[[0, 127, 255]], [-1.0, -0.5 / 127.5, 1.0], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float32"])
@pytest.mark.parametrize("channels", [1, 3])
def test_looking_up_is_the_same_as_indexing(dtype: str, channels: int) -> None:
    """Quantizing a picture looks every pixel up and keeps all three axes, the one channel of a grey one too."""
    contract = InputContract(width=5, height=4)
    table = preprocess.quantization_table(contract, spec((1, 4, 5, channels), dtype, scale=2 / 255, zero_point=3))
    pixels = noise(5, 4)[:, :, :channels]
    quantized = preprocess.quantize(pixels, table)
    assert quantized.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(quantized, table[pixels])


@pytest.mark.parametrize(("order", "channels"), [("rgb", 3), ("bgr", 3), ("grey", 1)])
@pytest.mark.parametrize("dtype", ["uint8", "int8", "float32"])
def test_a_tensor_has_the_models_shape_and_type(order: str, channels: int, dtype: str) -> None:
    """From pixels to tensor in one call, with the batch dimension in front."""
    contract = InputContract(width=12, height=10, color_order=order)
    table = preprocess.quantization_table(contract, spec((1, 10, 12, channels), dtype))
    tensor = preprocess.to_tensor(noise(50, 40), region=None, contract=contract, table=table)
    assert tensor.shape == (1, 10, 12, channels)
    assert tensor.dtype == np.dtype(dtype)


def test_the_region_decides_what_the_model_sees() -> None:
    """Only the pixels of the region reach the tensor."""
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, 40:] = 255
    contract = InputContract(width=4, height=4, mean=0, std=1)
    table = preprocess.quantization_table(contract, spec((1, 4, 4, 3)))
    right = Region(x=0.5, y=0, width=0.5, height=1)
    left = Region(x=0, y=0, width=0.5, height=1)
    assert (preprocess.to_tensor(pixels, region=right, contract=contract, table=table) == 255).all()
    assert (preprocess.to_tensor(pixels, region=left, contract=contract, table=table) == 0).all()
