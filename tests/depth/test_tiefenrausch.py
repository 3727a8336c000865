"""The networks of photographs: what is asked of them; of the published one its answers as those of another
implementation, and its files as published."""

import struct

import numpy as np
import PIL.Image
import pytest
import torch
from skimage import data
from torch.nn import functional as F

from demos import frame
from demos.depth import photograph
from demos.frame import pictures
from dlcv.core.errors import InputError
from dlcv.core.images.fit import tensor_of
from dlcv.depth import convert, evaluate, predictor
from dlcv.depth.tiefenrausch import Limits, Tiefenrausch, TiefenrauschConfig

# log disparity of china.jpg, means of 4 x 6 parts, by another implementation: operator by operator as the published
# file lists them, every map rounded to its 8 bits. It gives the authors' own two examples with correlations over 0.999.
REFERENCE = [
    [-1.305, -1.032, -1.157, -1.312, -1.321, -1.334],
    [-1.071, -0.298, -0.405, -1.301, -1.313, -0.873],
    [-0.558, -0.279, -0.319, -1.053, -0.924, -0.129],
    [0.003, -0.154, -0.209, 0.002, 0.172, 0.149],
]


def china(width: int = 384, height: int = 256) -> torch.Tensor:
    with PIL.Image.open(frame.PHOTOGRAPHS[0]) as opened:
        return tensor_of(opened.convert("RGB").resize((width, height), PIL.Image.Resampling.BOX))


@pytest.fixture(scope="module")
def network() -> predictor.PhotographPredictor:
    return predictor.predictor(photograph.PUBLISHED)


@torch.inference_mode()
def test_the_answer_is_that_of_another_implementation(network):
    found = network.model(china()[None].to(network.device)).disparity.log().cpu()
    assert found.shape == (1, 1, 256, 384)
    means = F.adaptive_avg_pool2d(found, (4, 6))[0, 0]
    torch.testing.assert_close(means, torch.tensor(REFERENCE), atol=0.03, rtol=0)


@pytest.mark.parametrize("name", predictor.PHOTOGRAPHS)
@pytest.mark.parametrize("size", [(40, 200), (700, 500), (33, 32)])
def test_a_picture_of_any_size_gets_one_map_in_its_shape(name, size):
    picture = torch.rand(3, *size, generator=torch.Generator().manual_seed(0))
    seen = predictor.predictor(name).predict(picture)
    assert max(seen.inverse_depth.shape) == 384 and seen.size == size and not seen.metres
    near, shift = seen.inverse_depth, predictor.PHOTOGRAPHS[name].shift  # nothing lies infinitely far away
    assert near.min() > 0 and near.min() >= 0.999 * shift / (1 + shift) * near.max() and -1 <= seen.agreement <= 1
    for length, found in zip(size, seen.inverse_depth.shape):
        assert found % 32 == 0 and abs(384 * length / max(size) - found) <= 16


def test_a_word_is_for_what_is_no_photograph():
    """Of our network: none of the examples, but a page and coins seen from above."""
    others = [np.stack([one()] * 3, axis=2) for one in (data.page, data.coins)]

    def unlike(picture: PIL.Image.Image) -> bool:
        return photograph.predicted(picture, predictor.predictor(photograph.PHOTOS)).unlike

    assert not any(unlike(pictures.upright(PIL.Image.open(path))) for path in photograph.EXAMPLES)
    assert all(unlike(PIL.Image.fromarray(one)) for one in others)


def test_a_picture_that_is_too_small_gets_a_sentence(network):
    with pytest.raises(InputError, match="at least 32 pixels"):
        network.predict(torch.zeros(3, 31, 90))


@pytest.mark.parametrize("name", photograph.NETWORKS.values())
def test_the_tab_asks_what_the_evaluation_asks(name):
    """A photograph that is larger than what is asked: as the scores are taken, and as the tab sees it."""
    large = china(900, 600)
    asked = evaluate.asking(name)(large)
    seen = photograph.predicted(pictures.upright(pictures.image(large)), photograph.predictor(name))
    torch.testing.assert_close(seen.inverse_depth, asked)
    assert seen.size == (600, 900)


# ---- the published files

INTEGER, STRING = 3, 4  # fields of an argument, as Caffe2 numbers them


def number(value: int) -> bytes:
    """An integer as Protocol Buffers have it; a negative one has 64 bits."""
    value, found = value % 2**64, b""
    while value >= 0x80:
        value, found = value >> 7, found + bytes([value & 0x7F | 0x80])
    return found + bytes([value])


def text(field: int, content: bytes) -> bytes:
    return number(8 * field + 2) + number(len(content)) + content


def argument(name: str, value) -> bytes:
    if isinstance(value, float):
        content = number(8 * convert.FLOAT + 5) + struct.pack("<f", value)
    elif isinstance(value, int):
        content = number(8 * INTEGER) + number(value)
    elif isinstance(value, bytes):
        content = text(STRING, value)
    else:
        content = b"".join(number(8 * convert.INTEGERS) + number(one) for one in value)
    return text(convert.ARGUMENT, text(1, name.encode()) + content)


def operator(kind: str, inputs: list[str], output: str, **arguments) -> bytes:
    names = b"".join(text(convert.INPUT, name.encode()) for name in inputs) + text(convert.OUTPUT, output.encode())
    told = b"".join(argument(name, value) for name, value in arguments.items())
    return text(2, names + text(convert.TYPE, kind.encode()) + told)


def test_the_published_files_are_read_in_their_order(tmp_path):
    """Files made for a network of the same layers: every weight, bias and limit arrives at its place."""
    model, generator = Tiefenrausch(TiefenrauschConfig()), np.random.default_rng(0)
    kinds = [part.weight.shape for part in model.modules() if isinstance(part, convert.Convolution)]
    init, net, expected = b"", operator("Int8Quantize", ["0"], "1", Y_scale=0.01, Y_zero_point=128), []
    for i, (out, inside, size, _) in enumerate(kinds):
        weight = generator.integers(0, 256, (out, size, size, inside), dtype=np.uint8)
        bias = generator.integers(-5000, 5000, out).tolist()
        fill = {"shape": list(weight.shape), "Y_scale": 0.5, "Y_zero_point": 100 + i % 50}
        init += operator("Int8GivenTensorFill", [], f"w{i}", values=weight.tobytes(), **fill)
        init += operator("Int8GivenIntTensorFill", [], f"b{i}", values=bias, Y_scale=0.25, shape=[out])
        net += operator("Int8Conv", ["x", f"w{i}", f"b{i}"], "y", Y_scale=0.125, Y_zero_point=i % 200)
        expected.append((weight, bias, 100 + i % 50, i % 200))
    sums = len([part for part in model.modules() if isinstance(part, Limits)]) - len(kinds) - 1
    for i in range(sums):
        net += operator("Int8Add", ["x", "y"], "z", Y_scale=0.5, Y_zero_point=i)
    (tmp_path / "tiefenrausch_init.pb").write_bytes(init)
    (tmp_path / "tiefenrausch.pb").write_bytes(net)
    found = convert.converted(tmp_path)
    layers = [part for part in found.modules() if isinstance(part, convert.Convolution)]
    for layer, (weight, bias, zero, low) in zip(layers, expected, strict=True):
        np.testing.assert_array_equal(layer.weight.permute(0, 2, 3, 1).numpy(), weight)
        assert (layer.bias / 0.25).tolist() == bias and layer.zero == zero and layer.scale == 0.5
        assert layer.limits.range.tolist() == [-low * 0.125, (255 - low) * 0.125]
    assert found.input.range.tolist() == pytest.approx([-1.28, 1.27])
    assert found.encoder[0][1].sum.range[0] == 0 and found.sums[-1].range[0] == -0.5 * (sums - 1)
    with pytest.raises(ValueError, match="longer"):
        (tmp_path / "tiefenrausch.pb").write_bytes(net + operator("Int8Add", [], "z", Y_scale=1.0, Y_zero_point=0))
        convert.converted(tmp_path)
