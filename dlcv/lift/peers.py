"""Features of others, of the same form: OpenCV's SIFT and ORB, RootSIFT, and XFeat (Potje et al. 2024)."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from .features import Features, Parts, describe, orient
from .scale_space import pyramid

LAYERS, SIGMA = 3, 1.6  # of SIFT: levels to an octave, and the sigma of its first
CORNER = 0.05  # XFeat's threshold of a corner's probability


def bytes_of(picture: torch.Tensor) -> np.ndarray:
    """A picture (1, 1, H, W) in [0, 1] as OpenCV has it, (H, W) uint8."""
    return (picture[0, 0] * 255).round().to(torch.uint8).numpy()


def rooted(descriptors: np.ndarray) -> np.ndarray:
    """RootSIFT (Arandjelović and Zisserman 2012) of SIFT's descriptors (N, 128): of length 1."""
    return np.sqrt(descriptors / np.maximum(descriptors.sum(1, keepdims=True), 1e-12))


def _features(found: list, descriptors: np.ndarray | None, count: int) -> Features:
    """OpenCV's keypoints, the strongest first, with their descriptors."""
    best = sorted(range(len(found)), key=lambda number: -found[number].response)[:count]
    kept = [found[number] for number in best]
    rows = np.zeros((0, 128), np.float32) if descriptors is None else descriptors[best]
    return Features(
        torch.tensor([one.pt for one in kept]).view(-1, 2),
        torch.tensor([one.size for one in kept]) / 4,
        torch.tensor([one.response for one in kept]),
        torch.tensor([one.angle for one in kept]).deg2rad(),
        torch.from_numpy(rows.astype(np.float32)),
    )


def sift(picture: torch.Tensor, count: int) -> Features:
    """OpenCV's SIFT as it is (Lowe 2004)."""
    return _features(*cv2.SIFT_create(count).detectAndCompute(bytes_of(picture), None), count)


def root_sift(picture: torch.Tensor, count: int) -> Features:
    """The same points, and RootSIFT."""
    found = sift(picture, count)
    return found._replace(descriptor=torch.from_numpy(rooted(found.descriptor.numpy())))


def on_sift(parts: Parts, picture: torch.Tensor, count: int) -> Features:
    """SIFT's points with our descriptors, turned as ORI says; where there is none, as SIFT does."""
    points, levels = sift(picture, count), pyramid(picture)
    angle = points.angle
    if parts.orientation is not None:
        angle = orient(parts.orientation, levels, points.xy, points.scale)
    descriptor = describe(parts.descriptor, levels, points.xy, points.scale, angle)
    return points._replace(angle=angle, descriptor=descriptor)


def orb(picture: torch.Tensor, count: int) -> Features:
    """OpenCV's ORB (Rublee et al. 2011); 256 bits, 0 or 1, so that squared distances are Hamming's."""
    found = _features(*cv2.ORB_create(count).detectAndCompute(bytes_of(picture), None), count)
    bits = np.unpackbits(found.descriptor.numpy().astype(np.uint8), axis=1)
    return found._replace(descriptor=torch.from_numpy(bits.astype(np.float32)))


def sift_at(picture: np.ndarray, xy: torch.Tensor, size: torch.Tensor, angle: torch.Tensor) -> np.ndarray:
    """SIFT's descriptors (N, 128) of a picture (H, W) uint8 at given keypoints: the octave is in none of the numbers
    that data sets keep, but follows from the size."""
    above = torch.log2(size / 2 / SIGMA)
    octave = ((above * LAYERS - 1).round() / LAYERS).floor().clamp_min(-1)
    layer = ((above - octave) * LAYERS).round().clamp(1, LAYERS)
    packed = (octave.long() & 255) | (layer.long() << 8)
    rows = zip(xy.tolist(), size.tolist(), angle.rad2deg().tolist(), packed.tolist())
    keypoints = [cv2.KeyPoint(x, y, size, turn, 1.0, pack) for (x, y), size, turn, pack in rows]
    kept, descriptors = cv2.SIFT_create().compute(picture, keypoints)
    assert len(kept) == len(xy)
    return descriptors


class XFeat:
    """The network of Potje et al. 2024 from its published weights, which do not ship: points and 64 numbers of each."""

    def __init__(self, path: Path):
        from safetensors.torch import load_file

        self.weights = {name: tensor.float() for name, tensor in load_file(path).items()}

    def layers(self, x: torch.Tensor, name: str, strides: str, last: bool = True) -> torch.Tensor:
        """Convolutions name.0, name.1, ..., each with its stride and a ReLU, but for the last one without `last`."""
        for number, stride in enumerate(strides):
            weight = self.weights[f"{name}.{number}.weight"]
            x = F.conv2d(x, weight, self.weights[f"{name}.{number}.bias"], int(stride), weight.shape[-1] // 2)
            x = F.relu(x) if last or number < len(strides) - 1 else x
        return x

    @torch.inference_mode()
    def __call__(self, picture: torch.Tensor, count: int) -> Features:
        """The `count` best features of a picture (1, 1, H, W)."""
        height, width = picture.shape[2:]
        size = [max(32, round(side / 32) * 32) for side in (height, width)]
        x = F.instance_norm(F.interpolate(picture, size, mode="bilinear"))
        skip = F.conv2d(F.avg_pool2d(x, 4), self.weights["skip1.weight"], self.weights["skip1.bias"])
        x2 = self.layers(self.layers(x, "block1", "1212") + skip, "block2", "11")
        x3 = self.layers(x2, "block3", "211")
        x4 = self.layers(x3, "block4", "211")
        x5 = self.layers(x4, "block5", "2111")
        deep = [F.interpolate(one, x3.shape[2:], mode="bilinear") for one in (x4, x5)]
        maps = self.layers(x3 + sum(deep), "fusion", "111", last=False)
        reliable = self.layers(maps, "reliability", "111", last=False).sigmoid()
        cells = self.layers(F.pixel_unshuffle(x, 8), "keypoint", "1111", last=False).softmax(1)[:, :64]
        corner = F.pixel_shuffle(cells, 8)  # (1, 1, H, W)
        rows, columns = ((corner > CORNER) & (corner == F.max_pool2d(corner, 5, 1, 2)))[0, 0].nonzero(as_tuple=True)
        places = torch.stack([columns, rows], 1).float()
        grid = ((2 * places + 1) / torch.tensor([size[1], size[0]]) - 1).view(1, -1, 1, 2)

        def read(values, mode):
            return F.grid_sample(values, grid, mode=mode, align_corners=False)[0, :, :, 0].T

        score = corner[0, 0, rows, columns] * read(reliable, "bilinear")[:, 0]
        best = score.argsort(descending=True)[:count]
        xy = (places[best] + 0.5) * torch.tensor([width / size[1], height / size[0]]) - 0.5
        descriptors = F.normalize(read(maps, "bicubic")[best], dim=1)
        return Features(xy, torch.ones(len(best)), score[best], torch.zeros(len(best)), descriptors)


def named(xfeat: Path | None = None) -> dict[str, Callable[[torch.Tensor, int], Features]]:
    """The peers by name; XFeat where its file is given."""
    found = {"SIFT": sift, "RootSIFT": root_sift, "ORB": orb}
    return found | ({"XFeat": XFeat(xfeat)} if xfeat else {})
