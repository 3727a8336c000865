"""What a generated garment is of, and whether it is a copy of a training photograph.

The classifier starts from MobileNetV2 as published for ImageNet, and sees photographs at the size of generated ones.
"""

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from ..core.backbones.mobilenet import mobilenet_v2
from ..core.training.evaluation import ClassifierConfig, Judgement

SIDE = 64  # of the pictures it learns from
NAME = "judge-clothing"


class GarmentClassifier(
    nn.Module, PyTorchModelHubMixin, pipeline_tag="image-classification", tags=["clothing", "mobilenet_v2"]
):
    """Ten classes of garments (N, 3, S, S) in [0, 1]: MobileNetV2 on the picture enlarged to 128 x 128."""

    def __init__(self, config: ClassifierConfig, published: bool = False):
        super().__init__()
        self.config = config
        self.features = mobilenet_v2(published).features
        self.classes = nn.Sequential(nn.Dropout(0.3), nn.Linear(1280, len(config.class_names)))

    def forward(self, x: torch.Tensor) -> Judgement:
        """Classify garments (N, 3, S, S) in [0, 1]; the features (N, 1280) are what the last layer reads."""
        x = F.interpolate(x, size=(128, 128), mode="bilinear", antialias=x.shape[-1] > 128)
        features = self.features(x * 2 - 1).mean((2, 3)).float()
        return Judgement(self.classes(features), features)


@torch.inference_mode()
def nearest(pictures: torch.Tensor, training: torch.Tensor, count: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """The training pictures that are most like each of N, and how far they are, (N, count) each.

    Distance is the root mean square over pixels and colours, at 32 x 32 so that a shifted edge does not count for all;
    training pictures (M, 3, S, S) in [0, 1] are looked at both ways round, since the augmentation mirrors them.
    """

    def small(x):
        return F.adaptive_avg_pool2d(x, 32).flatten(1)

    scale = small(pictures).shape[1] ** 0.5
    apart = torch.minimum(*(torch.cdist(small(pictures), small(x)) / scale for x in (training, training.flip(3))))
    distance, index = apart.topk(count, largest=False)
    return index, distance
