"""Leeds Sports Pose Extended (Johnson and Everingham 2011): people doing sport, one a picture, with 14 joints."""

import hashlib
import json
from pathlib import Path

import torch
from PIL import Image
from torchvision.transforms.v2.functional import pil_to_tensor

from . import archive, root

HOME = "http://sam.johnson.io/research/lspet_dataset.zip"
LONGEST, MARGIN = 160, 0.15  # pixels of the longer side; what is kept around the joints, of their extent
HELD_OUT = 10  # one in so many pictures is for testing


def load(split: str = "train") -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Pictures (3, H, W) uint8, the longer side 160 pixels at most, and joints (14, 3): x, y, and 1 where marked.

    Args:
        split: "train" or "test". The set has none of its own: the hash of a file's name decides.
    """
    folder = archive.unpacked("lspet/images.tar", HOME, "lspet_dataset") / "images"
    annotations = root()[0] / "lspet" / "annotations.json"
    found = _cropped(folder, annotations) if annotations.exists() else _as_published(folder)
    return [(picture, joints) for name, picture, joints in found if is_test(name) == (split == "test")]


def is_test(name: str) -> bool:
    """Whether the picture of that name, without its ending, is for testing."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % HELD_OUT == 0


def _cropped(folder: Path, annotations: Path):
    for entry in json.loads(annotations.read_text())["images"]:
        path = folder / entry["file"]
        yield path.stem, archive.picture(path), torch.tensor(entry["joints"], dtype=torch.float32)


def _as_published(folder: Path):
    """The whole photographs, and all joints in one file of MATLAB's; cropped and made smaller here."""
    from scipy.io import loadmat

    marked = torch.from_numpy(loadmat(folder.parent / "joints.mat")["joints"]).float().permute(2, 0, 1)  # (N, 14, 3)
    for path, joints in zip(sorted(folder.glob("*.jpg")), marked, strict=True):
        there = joints[joints[:, 2] > 0, :2]
        low, high = there.amin(0), there.amax(0)
        around = MARGIN * (high - low).max()
        with Image.open(path) as opened:
            left, top = (low - around).clamp_min(0).int().tolist()
            right, bottom = torch.minimum(high + around, torch.tensor(opened.size)).ceil().int().tolist()
            picture = opened.convert("RGB").crop((left, top, right, bottom))
        scale = min(1.0, LONGEST / max(picture.size))
        picture = picture.resize([round(scale * side) for side in picture.size], Image.Resampling.LANCZOS)
        moved = torch.cat([(joints[:, :2] - torch.tensor([left, top])) * scale, joints[:, 2:]], dim=1)
        yield path.stem, pil_to_tensor(picture), moved
