"""The evaluator of generated garments: their class, and their distance to the nearest training photographs.

The classifier starts from MobileNetV2 as published for ImageNet, and learns photographs at the size of generated ones.
"""

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn
from torch.nn import functional as F

from ..core.backbones.mobilenet import mobilenet_v2
from ..core.training.classifiers import ClassifierConfig, ClassifierOutput

SIDE = 64  # pixels of a training picture
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

    def forward(self, x: torch.Tensor) -> ClassifierOutput:
        """Logits (N, classes) and features (N, 1280) of garments (N, 3, S, S) in [0, 1]."""
        x = F.interpolate(x, size=(128, 128), mode="bilinear", antialias=x.shape[-1] > 128)  # (N, 3, 128, 128)
        features = self.features(x * 2 - 1).mean((2, 3)).float()  # (N, 1280, 4, 4) -> (N, 1280)
        return ClassifierOutput(self.classes(features), features)


@torch.inference_mode()
def nearest(pictures: torch.Tensor, training: torch.Tensor, count: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices and distances (N, count) of the training pictures nearest to each of N pictures (N, 3, S, S) in [0, 1].

    Distance is the root mean square over pixels and colours, at 32 x 32 so that a shifted edge does not count for all;
    training pictures (M, 3, S, S) are compared both ways round, since the augmentation mirrors them.
    """

    def small(x):
        return F.adaptive_avg_pool2d(x, 32).flatten(1)  # (N, 3 * 32 * 32)

    scale = small(pictures).shape[1] ** 0.5
    distances = torch.minimum(*(torch.cdist(small(pictures), small(x)) / scale for x in (training, training.flip(3))))
    distance, index = distances.topk(count, largest=False)
    return index, distance
