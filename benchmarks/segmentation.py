"""The U-Net of segmentation-models-pytorch beside ours, from the same weights, with the same crops, steps and loss.

    python -m benchmarks.segmentation [--data DIR]

It needs what requirements-dev.txt has and segmentation-models-pytorch==0.6.0. The decoder is as narrow as leaves the
whole network no cheaper than ours: 2.7 M weights and 2.9 thousand million multiplications a frame, ours 2.4 and 2.6.
Training takes more than an hour on one core; started again, it goes on where it was stopped.
"""

import argparse
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from dlcv.core.backbones.mobilenet import mobilenet_v2
from dlcv.core.datasets import TensorBatches, camvid, parse_with_data
from dlcv.core.training.loop import fit, keep_freed_memory
from dlcv.segmentation.loss import median_frequency
from dlcv.segmentation.metrics import confusion, intersection_over_union
from dlcv.segmentation.model import SegmenterOutput
from dlcv.segmentation.train import BALANCE, PRESETS, streets

DECODER = (32, 32, 32, 24, 8)
CLASSES = len(camvid.CLASSES)


class Theirs(nn.Module):
    """Their network under our recipe: pictures in [0, 1], sides padded to multiples of 32, logits named."""

    def __init__(self):
        super().__init__()
        import segmentation_models_pytorch as smp

        self.network = smp.Unet("mobilenet_v2", encoder_weights=None, classes=CLASSES, decoder_channels=DECODER)
        published = mobilenet_v2(published=True).features.state_dict()
        self.network.encoder.features.load_state_dict(published)

    def forward(self, x: torch.Tensor) -> SegmenterOutput:
        """Logits (N, 11, H, W) of pictures (N, 3, H, W)."""
        height, width = x.shape[2:]
        padded = F.pad(2 * x - 1, (0, -width % 32, 0, -height % 32), mode="replicate")
        return SegmenterOutput(self.network(padded)[..., :height, :width].float(), [], x)


def main() -> None:
    """Train the network, or go on with it, and print its score on the test set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="logs and states to resume from")
    args = parse_with_data(parser)
    keep_freed_memory()
    recipe = PRESETS["cpu"]["unet-mobilenet-camvid"]
    pictures, labels = camvid.load("train")
    torch.manual_seed(recipe.seed)
    loss = streets(median_frequency(labels, CLASSES) ** BALANCE)
    model = fit(Theirs(), loss, TensorBatches(pictures, labels), recipe, args.runs / "smp-mobilenet-camvid").cpu()
    matrix = torch.zeros(CLASSES, CLASSES, dtype=torch.int64)
    with torch.inference_mode():
        for picture, truth in zip(*camvid.load("test")):
            matrix += confusion(truth, model(picture[None] / 255).logits[0].argmax(0), CLASSES)
    print(f"segmentation-models-pytorch, mean IoU: {100 * intersection_over_union(matrix).mean():.2f} %")


if __name__ == "__main__":
    main()
