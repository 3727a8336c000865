"""The network of OpenPose that its authors published (Cao et al. 2017): pulled from the Hub when a visitor asks, never
copied.

The file is a pickle, the only form that is offered; it is read with `weights_only`, so nothing in it is run.
"""

import torch
from torch import nn
from torch.nn import functional as F

from ..core import runtime
from ..core.weights import foreign
from .model import STRIDE, PoseOutput
from .predictor import PoseMaps, input_size
from .skeleton import OPENPOSE, OPENPOSE_LIMBS

PUBLISHED = foreign.Published(
    "body_pose_model.pth",
    "25a948c16078b0f08e236bda51a385d855ef4c153598947c28c0d47ed94bb746",
    licence="OpenPose's own: academic and non-commercial use, no redistribution",
    repo="lllyasviel/Annotators",
    revision="982e7edaec38759d914a963c48c4726685de7d96",
)
STAGES, SIDE = 6, 368  # pixels of the longer side that pictures are seen at
FIELDS = [6, 7, 8, 10, 11, 12, 0, 1, 2, 3, 4, 5, 14, 15, 17, 16, 18, 9, 13]
"""The places of the fields of OPENPOSE_LIMBS in the network's output."""
VGG = {
    "conv1_1": 64, "conv1_2": 64, "pool1": 0, "conv2_1": 128, "conv2_2": 128, "pool2": 0, "conv3_1": 256,
    "conv3_2": 256, "conv3_3": 256, "conv3_4": 256, "pool3": 0, "conv4_1": 512, "conv4_2": 512, "conv4_3_CPM": 256,
    "conv4_4_CPM": 128,
}  # fmt: skip
"""Published names of the first layers of VGG-19, and two more, with their channels."""


def branch(channels: int, maps: int, first: bool) -> nn.Sequential:
    """One branch of a stage: features, and what the stage before said -> maps."""
    sizes, width = ([3, 3, 3, 1], 512) if first else ([7] * 5 + [1], 128)
    layers = []
    for size in sizes:
        out = width if size == 1 else 128
        layers += [nn.Conv2d(channels, out, size, padding=size // 2), nn.ReLU()]
        channels = out
    return nn.Sequential(*layers, nn.Conv2d(channels, maps, 1))


class OpenPose(nn.Module):
    """VGG-19 up to its tenth convolution, and six stages of two branches: 38 channels of fields and 19 belief maps, the
    last of which is the background's."""

    def __init__(self):
        super().__init__()
        layers, channels = [], 3
        for out in VGG.values():
            layers += [nn.Conv2d(channels, out, 3, padding=1), nn.ReLU()] if out else [nn.MaxPool2d(2)]
            channels = out or channels
        self.vgg = nn.Sequential(*layers)
        widths = [128] + [128 + 38 + 19] * (STAGES - 1)
        self.fields, self.beliefs = (
            nn.ModuleList(branch(width, maps, first=width == 128) for width in widths) for maps in (38, 19)
        )

    def forward(self, pictures: torch.Tensor) -> PoseOutput:
        """Pictures (N, 3, H, W) in [0, 1], H and W multiples of 8; maps of OPENPOSE and fields of OPENPOSE_LIMBS."""
        features = self.vgg(255 / 256 * pictures.flip(1) - 0.5)  # it was trained on blue, green, red
        x, beliefs, fields = features, [], []
        for field_branch, belief_branch in zip(self.fields, self.beliefs):
            field, belief = field_branch(x), belief_branch(x)
            if len(beliefs) == STAGES - 1:
                belief = belief.relu()  # as in the published program, which meant to leave this one out, too
            x = torch.cat([field, belief, features], dim=1)
            beliefs.append(belief[:, : len(OPENPOSE)])
            fields.append(field.unflatten(1, (-1, 2))[:, FIELDS])
        return PoseOutput(beliefs, fields)


def published_names() -> list[str]:
    """The names that the published file has for the convolutions of `OpenPose`, in the order of its modules."""
    names = [name for name, out in VGG.items() if out]
    for kind in ("L1", "L2"):  # fields, beliefs
        names += [f"conv5_{layer}_CPM_{kind}" for layer in range(1, 6)]
        names += [f"Mconv{layer}_stage{stage}_{kind}" for stage in range(2, STAGES + 1) for layer in range(1, 8)]
    return names


def load_published(state: dict[str, torch.Tensor]) -> OpenPose:
    """The network with weights under their published names; RuntimeError where they do not fit exactly."""
    model = OpenPose()
    ours = [name for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d)]
    named = dict(zip(published_names(), ours, strict=True))
    renamed = {}
    for name, value in state.items():
        layer, _, kind = name.rpartition(".")
        renamed[f"{named.get(layer, layer)}.{kind}"] = value
    model.load_state_dict(renamed)
    return model.eval()


def _load() -> OpenPose:
    path = foreign.fetch("OpenPose", PUBLISHED)
    with foreign.as_published("OpenPose"):
        model = load_published(torch.load(path, map_location="cpu", weights_only=True))
    return model.to(runtime.device())


@torch.inference_mode()
def predict(picture: torch.Tensor) -> PoseMaps:
    """What the published network says of a picture (3, H, W) in [0, 1]. It is fetched from the Hub the first time.

    Raises WeightsError with a sentence where that fails.
    """
    model = runtime.shelf.get(("pose", "published"), _load)
    size = input_size(picture, SIDE, STRIDE)
    x = F.interpolate(picture[None].to(runtime.device()), size, mode="bilinear", antialias=True)
    out = model(x)
    maps = [torch.cat(found).float().cpu() for found in (out.beliefs, out.fields)]
    scale = STRIDE * torch.tensor([picture.shape[2] / size[1], picture.shape[1] / size[0]])
    return PoseMaps(*maps, scale=scale, limbs=OPENPOSE_LIMBS, joints=tuple(OPENPOSE), centre=0.5)
