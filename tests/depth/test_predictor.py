"""Depth: what is asked of a picture and of a pair, files to take away, scores in closed form, the published network."""

import hashlib
import io
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
import trimesh
from safetensors.torch import save

from dlcv.core import weights
from dlcv.core.datasets import small_pairs
from dlcv.core.errors import InputError
from dlcv.core.geometry.grids import shifted
from dlcv.depth import clouds, evaluate, metrics, predictor, published, scenes
from dlcv.depth.model import DepthConfig, DepthNet
from tests.support.loopback_hub import LoopbackHub

ROOT = Path(__file__).resolve().parent.parent.parent
PAIR = scenes.pair(1_000_007, 96, 192)
TRUTH = torch.cat([PAIR.disparity_left, PAIR.disparity_right]) / 192


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A network of each kind that learned nothing, by name."""
    monkeypatch.setenv("DLCV_CHECKPOINTS", str(tmp_path))
    for name, stereo in (("eyes", True), ("metres", False)):
        torch.manual_seed(0)
        model = DepthNet(DepthConfig(stereo=stereo, height=64, width=96))
        weights.save(model, name, topic="depth", recipe={"command": "none"}, licence="mit")
    return {name: predictor.DepthPredictor(name) for name in ("eyes", "metres")}


@pytest.mark.parametrize("size", [(32, 32), (200, 75), (64, 96), (31 * 20, 1000)])
def test_a_picture_of_any_size_is_seen_at_four_sizes(small, size):
    picture = torch.rand(3, *size, generator=torch.Generator().manual_seed(0))
    for name, channels in (("eyes", 2), ("metres", 1)):
        seen = small[name].predict(picture)
        assert [tuple(one.shape) for one in seen.maps] == [(channels, 64 // s, 96 // s) for s in (1, 2, 4, 8)]
        assert seen.size == size and seen.metres == (name == "metres")
        assert seen.inverse_depth.shape == (64, 96) and seen.inverse_depth.min() > 0
        assert predictor.resized(seen.inverse_depth, size).shape == size
    torch.testing.assert_close(
        small["metres"].predict(picture).inverse_depth, 1 / small["metres"].predict(picture).maps[0][0]
    )


@pytest.mark.parametrize("shape", [(3, 31, 100), (3, 100, 8), (1, 64, 64), (64, 64)])
def test_a_picture_that_is_none_gets_a_sentence(small, shape):
    with pytest.raises(InputError, match="at least 32 pixels"):
        small["eyes"].predict(torch.zeros(shape))


def seen_truly() -> predictor.DepthMaps:
    """The made pair as a network would see it that is always right."""
    return predictor.DepthMaps([TRUTH], (96, 192), False)


def test_the_true_disparities_rebuild_each_picture_from_the_other():
    """Both signs at once: the left picture is read to the left in the right one, the right one to the right."""
    found = predictor.rebuild(seen_truly(), PAIR.left, PAIR.right)
    wrong = predictor.rebuild(seen_truly()._replace(maps=[-TRUTH]), PAIR.left, PAIR.right)
    for eye, (made, real) in enumerate(((found.left, PAIR.left), (found.right, PAIR.right))):
        agree = found.disagreement[eye] < 0.5
        assert agree.float().mean() > 0.75
        error = (made - real).abs().mean(0)
        torch.testing.assert_close(error, found.l1[eye], atol=1e-4, rtol=0)
        assert found.l1[eye][agree].mean() < 0.04 < wrong.l1[eye].mean()
        assert found.ssim[eye][agree].mean() < 0.5 * wrong.ssim[eye].mean()
        assert found.ssim.min() >= 0 and found.ssim.max() <= 1


def test_depth_is_focal_length_times_baseline_over_disparity():
    disparity = torch.tensor([10.0, 1.0, 0.0, -1.0])
    torch.testing.assert_close(
        predictor.depth_from(disparity, 700, 0.5), torch.tensor([35.0, 350.0, torch.inf, torch.inf])
    )
    depth = predictor.depth_from(PAIR.disparity_left, scenes.FOCAL * 192, scenes.BASELINE)
    floor = scenes.FOCAL * 192 * scenes.EYES / 47.5  # where the lowest row of pixels meets it, if it is level
    assert depth[0, -1].max().item() == pytest.approx(floor, rel=0.25) and depth.max() <= scenes.FAR


def test_matching_agrees_with_the_truth():
    pair = scenes.pair(1_000_007, 192, 384)
    found = predictor.semi_global(pair.left, pair.right)
    known = found.disparity > 0
    assert found.disparity.shape == (192, 384) and 0.5 < found.share == known.float().mean().item()
    assert ((found.disparity - pair.disparity_left[0])[known].abs() < 1.5).float().mean() > 0.93
    assert (found.disparity <= torch.arange(384) + 0.5).all()  # the right eye sees nothing beyond its border


def test_matching_is_not_sure_of_what_one_eye_alone_sees():
    wall = torch.rand(3, 96, 320, generator=torch.Generator().manual_seed(0))
    wall = torch.nn.functional.avg_pool2d(wall, 3, stride=1, padding=1)
    found = predictor.semi_global(wall[..., :256], wall[..., 24:280]).disparity  # everything is 24 pixels apart
    assert found[:, :24].max() == 0  # left of what the right eye sees
    assert (found[:, 30:] > 0).float().mean() > 0.9


def test_two_sizes_are_no_pair():
    for ask in (predictor.semi_global, lambda left, right: predictor.rebuild(seen_truly(), left, right)):
        with pytest.raises(InputError, match="192 × 96 and 190 × 96 pixels"):
            ask(PAIR.left, PAIR.right[..., :190])


def test_a_wall_is_seen_from_elsewhere_by_a_shift():
    picture, flat = torch.rand(3, 12, 60, generator=torch.Generator().manual_seed(0)), torch.full((12, 60), 6 / 60)
    torch.testing.assert_close(predictor.view(picture, flat, 0.0), picture, atol=1e-5, rtol=0)
    for place, pixels in ((1.0, 6), (0.5, 3), (-0.5, -3)):
        seen, there = predictor.view(picture, flat, place), picture.roll(-pixels, dims=2)
        torch.testing.assert_close(seen[..., 8:-8], there[..., 8:-8], atol=1e-5, rtol=0)


def test_what_was_hidden_gets_the_disparity_of_what_is_behind():
    disparity = torch.full((1, 40), 2 / 40)
    disparity[:, 20:26] = 10 / 40  # a post before a wall
    there = predictor.forward_warped(disparity, 1.0) * 40
    torch.testing.assert_close(there[0, 10:16], torch.full((6,), 10.0))  # the post, ten to the left
    rest = torch.cat([there[0, :10], there[0, 16:]])
    torch.testing.assert_close(rest, torch.full_like(rest, 2.0))


def test_the_view_of_the_other_eye_is_what_it_sees():
    seen = predictor.view(PAIR.left, TRUTH[0], 1.0)
    apart = [(picture - PAIR.right).abs().mean() for picture in (seen, PAIR.left)]
    assert apart[0] < 0.4 * apart[1]
    behind = shifted(TRUTH[:1, None], TRUTH[1][None, None])  # the left disparity where the right one leads
    assert (predictor.forward_warped(TRUTH[0], 1.0) - behind[0, 0]).abs().median() < 0.5 / 192


# ---- files


def photograph(focal: int | None = None, orientation: int = 1) -> PIL.Image.Image:
    """A small JPEG with what a telephone writes into it."""
    exif = PIL.Image.Exif()
    exif[PIL.ExifTags.Base.Orientation] = orientation
    if focal is not None:
        exif.get_ifd(PIL.ExifTags.IFD.Exif)[PIL.ExifTags.Base.FocalLengthIn35mmFilm] = focal
    file = io.BytesIO()
    PIL.Image.new("RGB", (40, 30), (90, 120, 150)).save(file, "JPEG", exif=exif)
    return PIL.Image.open(io.BytesIO(file.getvalue()))


def test_the_focal_length_comes_from_the_picture_or_not_at_all():
    assert clouds.focal_from_exif(photograph(26)) == 26
    assert clouds.focal_from_exif(photograph(26, orientation=6).convert("RGB")) == 26
    assert [clouds.focal_from_exif(photograph(focal)) for focal in (None, 0, 60_000)] == [None] * 3
    assert clouds.focal_from_exif(PIL.Image.new("RGB", (4, 4))) is None
    assert clouds.focal_pixels(clouds.FILM_DIAGONAL, 300, 400) == pytest.approx(500)


def test_pixels_lie_where_their_rays_lead():
    points = clouds.points_of(torch.full((3, 5), 2.0), focal=4.0)
    torch.testing.assert_close(points[1, 2], torch.tensor([0.0, 0.0, 2.0]))  # the middle
    torch.testing.assert_close(points[0, 4], torch.tensor([1.0, -0.5, 2.0]))  # right, up


def test_files_load_again():
    points = torch.randn(50, 3, generator=torch.Generator().manual_seed(0))
    colours = torch.arange(150).view(50, 3).byte()
    cloud = trimesh.load(io.BytesIO(clouds.ply(points, colours)), file_type="ply")
    np.testing.assert_allclose(cloud.vertices, points.numpy() * [1, -1, -1], atol=1e-5)
    np.testing.assert_array_equal(cloud.colors[:, :3], colours.numpy())
    values = torch.tensor([[0.0, 1234.4, 65_535.0], [70_000.0, -5.0, 1.0]])
    read = np.array(PIL.Image.open(io.BytesIO(clouds.png_16(values))))
    assert read.tolist() == [[0, 1234, 65_535], [65_535, 0, 1]] and read.dtype in (np.uint16, np.int32)


# ---- scores


def test_the_scores_in_closed_form():
    truth = torch.tensor([100.0, 100.0, 10.0, 10.0])
    assert metrics.d1(torch.tensor([104.0, 106.0, 12.9, 14.0]), truth) == 50  # 4 pixels are less than 5 % of 100
    assert metrics.within(torch.tensor([1.2, 1.3, 0.9, 0.7]), torch.ones(4)) == 0.5
    assert metrics.abs_rel(torch.tensor([2.0, 3.0]), torch.tensor([1.0, 4.0])) == pytest.approx(0.625)
    assert metrics.rank_correlation(torch.tensor([1.0, 5.0, 6.0]), torch.tensor([1.0, 2.0, 30.0])) == pytest.approx(1)
    seen = predictor.DepthMaps([TRUTH], (96, 192), False)
    assert evaluate.scaled_abs_rel(seen, 7 * PAIR.disparity_left[0]) < 1e-4  # the scale does not count


@pytest.mark.skipif("DLCV_DATA" not in os.environ, reason="needs the data sets: DLCV_DATA names their folder")
def test_the_small_pairs_are_what_their_names_say():
    pairs = small_pairs.load()
    assert len(pairs) == 12 and sum(pair.cropped > 0 for pair in pairs) == 5
    for pair in pairs:
        assert pair.left.shape == pair.right.shape == (3, *pair.disparity.shape[1:])
        found = predictor.semi_global(pair.left / 255, pair.right / 255)
        both = (found.disparity > 0) & (pair.disparity[0] > 0)
        if pair.name != "ntu-synthetic/1":  # hardly matched at all
            assert (found.disparity - pair.disparity[0])[both].abs().median() < 1, pair.name


def test_the_shipped_network_sees_made_scenes_and_the_motorcycle():
    network = predictor.predictor(evaluate.STEREO)
    pairs = [scenes.pair(2_000_000 + seed) for seed in range(12)]
    found = torch.stack([256 * network.predict(pair.left).maps[0][:1] for pair in pairs])
    assert metrics.d1(found, torch.stack([pair.disparity_left for pair in pairs])) < 1.5 * evaluate.D1_BAR
    assert evaluate.motorcycle_row(network)["value"] >= evaluate.RANK_BAR


# ---- the published network

ASK = """
import sys, torch
from dataclasses import replace
from dlcv.core import weights
from dlcv.depth import published
gone, revision, *digests = sys.argv[1:]
files = zip(published.PUBLISHED, digests)
published.PUBLISHED = [replace(file, revision=revision, sha256=sha256) for file, sha256 in files]
if gone == "gone":
    sys.modules["transformers"] = None
try:
    seen = published.load().predict(torch.rand(3, 60, 90, generator=torch.Generator().manual_seed(0)))
    print(tuple(seen.maps[0].shape), seen.size, seen.metres, seen.maps[0].min().item(), seen.maps[0].max().item())
except weights.WeightsError as error:
    print(error)
"""
MAKE = """
import sys, torch
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config
torch.manual_seed(0)
backbone = Dinov2Config(hidden_size=24, num_hidden_layers=4, num_attention_heads=2, image_size=70, patch_size=14,
                        out_indices=[1, 2, 3, 4], apply_layernorm=True, reshape_hidden_states=False)
config = DepthAnythingConfig(backbone_config=backbone, reassemble_hidden_size=24, neck_hidden_sizes=[8, 8, 16, 16],
                             fusion_hidden_size=8, head_hidden_size=4)
model = DepthAnythingForDepthEstimation(config)
model.head.conv3.bias.data.fill_(1.0)  # so that its last ReLU leaves something
model.head.conv3.weight.data.mul_(50)
model.save_pretrained(sys.argv[1])
"""


def run(script: str, *arguments: str, **settings: str) -> str:
    """What a script prints."""
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(
        command, env=os.environ | settings, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def visit(hub: LoopbackHub, home: Path, *arguments: str) -> str:
    """What a visitor's computer says who asks for the published network."""
    hub_settings = {"HF_ENDPOINT": hub.endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1"}
    return run(ASK, *arguments, **hub_settings, HF_HUB_OFFLINE="0", DLCV_DEVICE="cpu")


def test_without_the_package_a_sentence_says_how_to_get_it(tmp_path):
    with LoopbackHub() as hub:
        assert "pip install transformers" in visit(hub, tmp_path, "gone", "0" * 40, *published.SHA256.values())
        assert hub.log == []  # nothing is fetched for nothing


@pytest.mark.skipif(find_spec("transformers") is None, reason="the package transformers is not installed")
def test_a_tiny_one_is_pulled_read_strictly_and_sees(tmp_path):
    run(MAKE, str(tmp_path / "tiny"))
    files = {name: (tmp_path / "tiny" / name).read_bytes() for name in ("config.json", "model.safetensors")}
    config, sha256 = (hashlib.sha256(content).hexdigest() for content in files.values())
    repo = published.PUBLISHED[0].repo
    with LoopbackHub() as hub:
        whole = hub.commit(repo, files)
        said = visit(hub, tmp_path / "home", "there", whole, config, sha256)
        assert said.startswith("(1, 518, 784) (60, 90) False 0.0 ") and float(said.split()[-1]) == pytest.approx(1)
        theirs = published.SHA256["model.safetensors"]
        assert "its sha256 is" in visit(hub, tmp_path / "home", "there", whole, config, theirs)
        assert "its sha256 is" in visit(hub, tmp_path / "home", "there", whole, sha256, sha256)
        for content in (b"no weights", save({"head.conv1.weight": torch.zeros(1)})):
            revision = hub.commit(repo, {"model.safetensors": content})
            said = visit(hub, tmp_path / "home", "there", revision, config, hashlib.sha256(content).hexdigest())
            assert "not the one that was published" in said
    assert "cannot be reached" in visit(hub, tmp_path / "nowhere", "there", whole, config, sha256)
