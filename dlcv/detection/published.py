"""Detectors that others trained on COCO's everyday objects: pulled when a visitor asks, never copied.

Both are torchvision's, on a ResNet-50. The files are pickles, the only form that is offered; they are read with
`weights_only`, so nothing in them is run.
"""

from functools import partial
from typing import TYPE_CHECKING

from ..core import runtime
from ..core.weights import foreign

if TYPE_CHECKING:
    from .model import Detector

PUBLISHED = {
    "fasterrcnn-coco": foreign.Published(  # byte for byte torchvision's
        "fasterrcnn_resnet50_fpn_coco.pth",
        "258fb6c638b15964ddcdd1ae0748c5eef1be9e732750120cc857feed3faac384",
        licence="BSD, as torchvision",
        repo="zeyuzy/vision_model-base_model",
        revision="b481c366c6b4ffa9cdc3bc241cfe73edfcbc6e48",
    ),
    "maskrcnn-coco": foreign.Published(  # no copy of it is on the Hub
        "maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth",
        "bf2d0c1efbc936eeee2bc95a48e80ebc86b891f61b0106485937fc29f9315fc0",
        licence="BSD, as torchvision",
        url="https://download.pytorch.org/models/maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth",
    ),
}
NAMES = tuple(PUBLISHED)
NOTICE = (
    "Weights for the 80 classes of COCO by the authors of torchvision, under its BSD licence. They are pulled when you"
    " ask for them, 168 MB for boxes (from the Hub) and 178 MB for masks (from pytorch.org), and are many times slower"
    " than the networks trained here."
)


def categories() -> tuple[str, ...]:
    """The names of COCO's categories 1 to 90; "N/A" for the ten of them that have no object."""
    from torchvision.models.detection import FasterRCNN_ResNet50_FPN_Weights

    return tuple(FasterRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"][1:])  # the background is the first


def build(name: str) -> "Detector":
    """The network of that name, without its weights."""
    from torchvision.models import resnet50
    from torchvision.models.detection import FasterRCNN, MaskRCNN
    from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
    from torchvision.ops.misc import FrozenBatchNorm2d

    from .model import DetectorConfig, PublishedDetector

    names = categories()
    features = resnet50(weights=None, norm_layer=partial(FrozenBatchNorm2d, eps=0.0))  # as they were trained
    masks = name == "maskrcnn-coco"
    parts = (MaskRCNN if masks else FasterRCNN)(_resnet_fpn_extractor(features, 5), 1 + len(names))
    config = DetectorConfig(names, masks, min_size=800, max_size=1333, fpn_channels=256, proposals=1000)
    return PublishedDetector(config, parts)


def at_hand(name: str) -> bool:
    """Whether the file is on this computer already; asks nobody."""
    return foreign.at_hand(PUBLISHED[name])


def load(name: str) -> "Detector":
    """One of NAMES, every weight read from the file (strict). Raises WeightsError with a sentence where that fails."""
    import torch

    path = foreign.fetch(name, PUBLISHED[name])
    with foreign.as_published(name):
        model = build(name)
        model.parts.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model.eval().to(runtime.device())
