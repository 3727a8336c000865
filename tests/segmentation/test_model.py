"""The networks: shapes, what crosses, and that equal budgets are equal."""

import pytest
import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from dlcv.core.datasets import camvid
from dlcv.segmentation.model import CROSSINGS, Segmenter, SegmenterConfig
from dlcv.segmentation.train import CONFIGS

COMPARED = ("hourglass-camvid", "segnet-camvid", "unet-camvid")
ODD = (67, 93)  # sides that no level halves evenly


@pytest.fixture(scope="module")
def segmenters() -> dict[str, Segmenter]:
    """A network for each way to cross, with the same encoder."""
    torch.manual_seed(0)
    made = {kind: Segmenter(SegmenterConfig(camvid.CLASSES, kind)).eval() for kind in CROSSINGS}
    for model in made.values():
        model.encoder = made["nothing"].encoder
    return made


def picture(size=ODD, seed: int = 0, colours: int = 3) -> torch.Tensor:
    """A smooth random picture (1, colours, H, W) in [0, 1]."""
    coarse = torch.rand(1, colours, 9, 9, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(coarse, size, mode="bilinear")


@torch.no_grad()
def test_what_crosses_is_named_and_has_the_shapes_of_its_levels(segmenters):
    outputs = {kind: model(picture()) for kind, model in segmenters.items()}
    for kind, out in outputs.items():
        assert out.logits.shape == (1, 11, *ODD) and out.bottom.shape == (1, 112, 3, 3), kind
    assert outputs["nothing"].crossed == []
    features = [tuple(maps.shape[1:]) for maps in outputs["features"].crossed]
    assert features == [(16, 34, 47), (48, 17, 24), (80, 9, 12), (112, 5, 6)]
    indices = outputs["indices"].crossed
    assert [tuple(maps.shape[1:]) for maps in indices] == [(16, 17, 24), (48, 9, 12), (80, 5, 6), (112, 3, 3)]
    assert all(maps.dtype == torch.int64 for maps in indices)


def test_compared_networks_have_as_many_weights_and_operations_as_one_another():
    budgets = []
    for name in COMPARED:
        model = Segmenter(CONFIGS[name]).to("meta").eval()
        with FlopCounterMode(display=False) as operations:
            model(torch.zeros(1, 3, 360, 480, device="meta"))
        budgets.append((sum(p.numel() for p in model.parameters()), operations.get_total_flops()))
    for count in zip(*budgets):
        assert max(count) < 1.01 * min(count)


@torch.no_grad()
def test_unpooling_puts_every_maximum_back_where_it_was(segmenters):
    model, x = segmenters["indices"], picture()
    encoded = model.encode(x)
    for level, maps in enumerate(encoded.features):
        largest = F.max_pool2d(maps, 2, ceil_mode=True)
        back = model.enlarge(largest, encoded, level)
        assert back.shape == maps.shape
        set_back = back != 0
        assert torch.equal(back[set_back], maps[set_back]), "a value stands where the encoder had it"
        assert torch.equal(F.max_pool2d(back, 2, ceil_mode=True), largest), "one in each square, in the last one, too"


@torch.no_grad()
def test_copied_maps_come_first_and_enlarged_ones_after(segmenters):
    model = segmenters["features"]
    encoded = model.encode(picture())
    decoded = model.decode(encoded)
    for copied, both in zip(encoded.features, decoded.enlarged):
        assert torch.equal(both[:, : copied.shape[1]], copied) and both.shape[1] == 2 * copied.shape[1]


@torch.no_grad()
def test_only_what_crosses_changes_what_a_decoder_says(segmenters):
    x, other = picture(seed=1), picture(seed=2)
    for kind, model in segmenters.items():
        own, strange = model.encode(x), model.encode(other)
        said = model.decode(own).logits
        torch.testing.assert_close(said, model(x).logits)
        for field, used_by in (("features", "features"), ("indices", "indices")):
            changed = model.decode(own._replace(**{field: getattr(strange, field)})).logits
            assert torch.equal(changed, said) == (kind != used_by), (kind, field)


def test_gradients_reach_every_weight_through_the_unpooling():
    torch.manual_seed(0)
    for config in (CONFIGS["segnet-camvid"], CONFIGS["unet-membranes"]):
        model = Segmenter(config)
        model(torch.cat([picture((64, 64), seed, config.colours) for seed in (1, 2)])).logits.square().mean().backward()
        assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in model.parameters())


@torch.no_grad()
def test_mobilenet_gives_four_levels_and_a_bottom():
    model = Segmenter(CONFIGS["unet-mobilenet-camvid"]).eval()
    out = model(picture())
    assert out.logits.shape == (1, 11, *ODD) and out.bottom.shape == (1, 320, 3, 3)
    assert [maps.shape[1] for maps in out.crossed] == [16, 24, 32, 96]


def test_another_way_to_cross_is_refused():
    with pytest.raises(ValueError, match="one of nothing, indices, features"):
        Segmenter(SegmenterConfig(camvid.CLASSES, "skips"))
