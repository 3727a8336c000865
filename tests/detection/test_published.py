"""Detectors of everyday objects by others: their files load strictly, and are pulled only when somebody asks."""

import hashlib
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from dlcv.detection import published
from dlcv.detection.predictor import DetectorPredictor
from tests.support.loopback_hub import LoopbackHub, on_a_fresh_computer


def published_state(name: str, fill: float = 0.0) -> dict[str, torch.Tensor]:
    """Tensors of the names and shapes in the published file, all of one value. Its names are older than the code."""
    convolutions = {"backbone.body.conv1": (64, 3, 7)}
    norms = {"backbone.body.bn1": 64}
    inputs = 64
    for stage, (blocks, width) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512)), 1):
        for block in range(blocks):
            place = f"backbone.body.layer{stage}.{block}"
            sizes = [(width, inputs, 1), (width, width, 3), (4 * width, width, 1)]
            convolutions |= {f"{place}.conv{number}": size for number, size in enumerate(sizes, 1)}
            norms |= {f"{place}.bn{number}": size[0] for number, size in enumerate(sizes, 1)}
            if block == 0:
                convolutions[f"{place}.downsample.0"] = (4 * width, inputs, 1)
                norms[f"{place}.downsample.1"] = 4 * width
            inputs = 4 * width
    biased = {f"backbone.fpn.inner_blocks.{level}": (256, 256 * 2**level, 1) for level in range(4)}
    biased |= {f"backbone.fpn.layer_blocks.{level}": (256, 256, 3) for level in range(4)}
    biased |= {"rpn.head.conv": (256, 256, 3), "rpn.head.cls_logits": (3, 256, 1), "rpn.head.bbox_pred": (12, 256, 1)}
    box = "roi_heads.box_predictor"
    linear = {"roi_heads.box_head.fc6": (1024, 12544), "roi_heads.box_head.fc7": (1024, 1024)}
    linear |= {f"{box}.cls_score": (91, 1024), f"{box}.bbox_pred": (364, 1024)}
    if name == "maskrcnn-coco":
        biased |= {f"roi_heads.mask_head.mask_fcn{number}": (256, 256, 3) for number in range(1, 5)}
        biased |= {"roi_heads.mask_predictor.conv5_mask": (256, 256, 2)}
        biased |= {"roi_heads.mask_predictor.mask_fcn_logits": (91, 256, 1)}
    shapes = {f"{key}.weight": (*size, size[-1]) for key, size in (convolutions | biased).items()}
    shapes |= {f"{key}.weight": size for key, size in linear.items()}
    shapes |= {f"{key}.bias": (size[0],) for key, size in (biased | linear).items()}
    kinds = ("weight", "bias", "running_mean", "running_var")
    shapes |= {f"{key}.{kind}": (size,) for key, size in norms.items() for kind in kinds}
    return {key: torch.full(shape, fill) for key, shape in shapes.items()}


@pytest.mark.parametrize("name", published.NAMES)
def test_their_names_and_shapes_fit_and_the_stages_are_their_forward_pass(name):
    state = published_state(name)
    assert len(state) == {"fasterrcnn-coco": 295, "maskrcnn-coco": 307}[name]
    parameters = sum(tensor.numel() for key, tensor in state.items() if "running" not in key and ".bn" not in key)
    assert 41e6 < parameters < 45e6
    torch.manual_seed(0)
    model = published.build(name)
    own = {key: value.clone() for key, value in model.parts.state_dict().items()}
    model.parts.load_state_dict(dict(state))  # strict, under the older names
    assert all((value == 0).all() for value in model.parts.state_dict().values())
    model.parts.load_state_dict(own)
    model.parts.transform.min_size, model.parts.transform.max_size = (96,), 160
    model.eval()
    picture, asked = torch.rand(3, 60, 80), DetectorPredictor(model)
    asked.set_image(picture)
    with torch.inference_mode():
        [expected] = model.parts([picture])
    found = asked.detections()
    torch.testing.assert_close(found.scores, expected["scores"], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.boxes, expected["boxes"], atol=1e-2, rtol=1e-3)
    assert asked.class_names[0] == "person" and len(asked.class_names) == 90


@pytest.mark.parametrize("change", ["missing", "unknown", "shape"])
def test_other_weights_are_refused(change):
    state = published_state("fasterrcnn-coco")
    if change == "missing":
        del state["roi_heads.box_head.fc7.bias"]
    elif change == "unknown":
        state["roi_heads.mask_head.mask_fcn1.weight"] = torch.zeros(256, 256, 3, 3)
    else:
        state["rpn.head.conv.weight"] = torch.zeros(128, 256, 3, 3)
    with pytest.raises(RuntimeError):
        published.build("fasterrcnn-coco").parts.load_state_dict(state)


PULL = """
import sys
from dataclasses import replace
from dlcv.core import weights
from dlcv.detection import published
name, sha256, *places = sys.argv[1:]
for place in places:
    where = {"url": place} if "://" in place else {"revision": place}
    published.PUBLISHED[name] = replace(published.PUBLISHED[name], sha256=sha256, **where)
    there = published.at_hand(name)
    try:
        print(there, published.load(name).parts.rpn.head.conv[0][0].bias[0].item())
    except weights.WeightsError as error:
        print(there, error)
"""


def pull(home: Path, name: str, digest: str, *places: str, **settings: str) -> list[str]:
    """What a visitor's computer says who asks for a detector at these commits or addresses, a line for each: whether
    it was there, and what came."""
    return on_a_fresh_computer(home, PULL, name, digest, *places, **settings)


def agree(said: list[str], *patterns: str) -> bool:
    """Whether each line is as expected."""
    return len(said) == len(patterns) and all(re.search(pattern, line) for pattern, line in zip(patterns, said))


def test_faster_rcnn_comes_from_the_hub_once(tmp_path):
    name, file = "fasterrcnn-coco", tmp_path / "file.pth"
    torch.save(published_state(name, 0.5), file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    with LoopbackHub() as hub:
        whole = hub.commit(published.PUBLISHED[name].repo, {published.PUBLISHED[name].file: file.read_bytes()})
        garbled = hub.commit(published.PUBLISHED[name].repo, {published.PUBLISHED[name].file: b"no pickle at all"})
        settings = {"HF_ENDPOINT": hub.endpoint}
        said = pull(tmp_path / "home", name, digest, whole, whole, garbled, **settings)
        assert agree(said, "^False 0.5$", "^True 0.5$", "^False .* not the one that was published"), said
        assert sum(line.startswith("GET /cdn/") for line in hub.log) == 2  # each file once
    assert agree(pull(tmp_path / "nowhere", name, digest, whole, **settings), "^False .* cannot be reached")


def test_mask_rcnn_comes_from_its_publisher_once(tmp_path):
    name, site = "maskrcnn-coco", tmp_path / "site"
    site.mkdir()
    torch.save(published_state(name, 0.25), site / "good.pth")
    (site / "bad.pth").write_bytes(b"no pickle at all")
    digest = hashlib.sha256((site / "good.pth").read_bytes()).hexdigest()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    good, bad, missing = (f"http://127.0.0.1:{server.server_port}/{file}.pth" for file in ("good", "bad", "missing"))
    try:
        said = pull(tmp_path / "home", name, digest, good, bad, missing, good)
        assert agree(said, "^False 0.25$", "^False .* not the one", "^False .* cannot be reached", "^True 0.25$"), said
    finally:
        server.shutdown()
        server.server_close()
    assert agree(pull(tmp_path / "other", name, digest, good), "^False .* cannot be reached")


def test_the_published_hashes_are_those_of_the_files_names():
    mask_rcnn = published.PUBLISHED["maskrcnn-coco"]
    assert mask_rcnn.url.endswith(f"-{mask_rcnn.sha256[:8]}.pth")
