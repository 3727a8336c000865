"""Detectors that others trained on COCO's everyday objects: pulled when a visitor asks, never copied.

Both are torchvision's, on a ResNet-50. The files are pickles, the only form that is offered; they are read with
`weights_only`, so nothing in them is run.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..core import runtime, weights
from ..core.weights import foreign, hub, passports

if TYPE_CHECKING:
    from .model import Detector

REPO, REVISION = "zeyuzy/vision_model-base_model", "b481c366c6b4ffa9cdc3bc241cfe73edfcbc6e48"
FILE = "fasterrcnn_resnet50_fpn_coco.pth"  # byte for byte torchvision's
URL = "https://download.pytorch.org/models/maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth"  # no copy of it is on the Hub
SHA256 = {"fasterrcnn-coco": "258fb6c638b15964", "maskrcnn-coco": "bf2d0c1e"}  # how the hash of each file begins
NAMES = tuple(SHA256)
NOTICE = (
    "Weights for the 80 classes of COCO by the authors of torchvision, under its BSD licence. They are pulled when you"
    " ask for them, 168 MB for boxes (from the Hub) and 178 MB for masks (from pytorch.org), and are many times slower"
    " than the networks trained here."
)


def build(name: str) -> "Detector":
    """The network of that name, without its weights."""
    from torchvision.models import resnet50
    from torchvision.models.detection import FasterRCNN, FasterRCNN_ResNet50_FPN_Weights, MaskRCNN
    from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
    from torchvision.ops.misc import FrozenBatchNorm2d

    from .model import DetectorConfig, PublishedDetector

    names = FasterRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"]  # the background first
    features = resnet50(weights=None, norm_layer=partial(FrozenBatchNorm2d, eps=0.0))  # as they were trained
    masks = name == "maskrcnn-coco"
    parts = (MaskRCNN if masks else FasterRCNN)(_resnet_fpn_extractor(features, 5), len(names))
    config = DetectorConfig(tuple(names[1:]), masks, shorter=800, longer=1333, width=256, proposals=1000)
    return PublishedDetector(config, parts)


def _other_place(name: str) -> Path:
    """Where the file of torchvision's Mask R-CNN is kept, as torch itself does."""
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints" / Path(URL).name


def at_hand(name: str) -> bool:
    """Whether the file is on this computer already; asks nobody."""
    from huggingface_hub import try_to_load_from_cache

    if name == "maskrcnn-coco":
        return _other_place(name).exists()
    return isinstance(try_to_load_from_cache(REPO, FILE, revision=REVISION), str)


def _fetch(name: str) -> Path:
    """The file, from this computer or else from its publisher; WeightsError with a sentence where that fails."""
    if name == "fasterrcnn-coco":
        return hub.fetch(name, REPO, [FILE], REVISION)[0]
    import urllib.request
    from concurrent.futures import TimeoutError as TooLate

    import torch

    place = _other_place(name)
    if place.exists():
        return place
    seconds = hub.PROBE_SECONDS
    try:
        question = urllib.request.Request(URL, method="HEAD")
        hub.within(seconds + 1, lambda: urllib.request.urlopen(question, timeout=seconds).close())
        place.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(URL, str(place), SHA256[name], progress=False)
    except (OSError, TooLate) as error:  # OSError: everything that the network may do
        raise weights.WeightsError(
            f"The model {name} is not on this computer yet, and its publisher cannot be reached to fetch it. "
            "Try again with a network connection."
        ) from error
    except RuntimeError as error:  # the hash
        raise weights.WeightsError(f"The file of {name} is not the one that was published.") from error
    return place


def load(name: str) -> "Detector":
    """One of NAMES, every weight read from the file (strict). Raises WeightsError with a sentence where that fails."""
    import torch

    path = _fetch(name)
    with foreign.as_published(name):
        if not passports.sha256(path).startswith(SHA256[name]):
            raise RuntimeError("another sha256")
        model = build(name)
        model.parts.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model.eval().to(runtime.device())
