"""Depth-Anything-V2-Small (Yang et al. 2024), for photographs of anything: pulled from the Hub when a visitor asks.

Learned from 62 million photographs; ours learned from a few hundred. It says disparity up to an unknown scale and
shift: what is nearer, not how far. Needs `pip install transformers`, which the gallery does not install by itself.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from ..core import runtime, weights
from ..core.weights import foreign

if TYPE_CHECKING:
    import torch

    from .predictor import DepthMaps

NAME = "Depth-Anything-V2-Small"
SHA256 = {
    "config.json": "c56698d3643dde1f83ea2212759e6b31a22b8f827246a36dd007ee8a22b3ff75",
    "model.safetensors": "3152477ce0d8d6978d76b995120de97cb5b928701fd0f817769f59e249a16b70",
}
PUBLISHED = [
    foreign.Published(
        file,
        sha256,
        licence="Apache 2.0",
        repo="depth-anything/Depth-Anything-V2-Small-hf",
        revision="5426e4f0f36572d16453bbda7a8389317b1bef99",
    )
    for file, sha256 in SHA256.items()
]
NOTICE = (
    "Depth-Anything-V2-Small by Lihe Yang and co-authors, Apache 2.0: 25 million weights, pulled from the Hub, 99 MB."
    " It says what is nearer than what, in no unit."
)
SIDE, PATCH = 518, 14  # pixels of the shorter side that it learned from; both sides are multiples of a patch
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet


class PublishedPredictor:
    """The published network, from the folder of its config.json and model.safetensors."""

    def __init__(self, place: Path):
        try:
            from transformers import DepthAnythingForDepthEstimation
        except ImportError:
            raise weights.WeightsError(
                f"{NAME} needs the package transformers, which is not installed here. Install it with"
                " pip install transformers, and start the gallery again."
            ) from None
        from safetensors import SafetensorError

        try:
            self.model, read = DepthAnythingForDepthEstimation.from_pretrained(
                place, local_files_only=True, use_safetensors=True, output_loading_info=True
            )
        except (RuntimeError, SafetensorError, ValueError, OSError) as error:
            found = " ".join(str(error).split())[:200]
            raise weights.WeightsError(f"The file of {NAME} is not the one that was published: {found}") from error
        if odd := [name for kind in ("missing_keys", "unexpected_keys", "mismatched_keys") for name in read[kind]]:
            raise weights.WeightsError(f"The file of {NAME} is not the one that was published: {odd[0]} is odd.")
        self.device = runtime.device()
        self.model.eval().to(self.device)

    def predict(self, picture: "torch.Tensor") -> "DepthMaps":
        """A picture (3, H, W) in [0, 1] of any size: one map, 1 where it is nearest and 0 where it is farthest."""
        import torch
        from torchvision.transforms import v2

        from .predictor import DepthMaps, check_picture

        height, width = check_picture(picture).shape[1:]
        scale = SIDE / min(height, width)
        sides = [max(PATCH, round(length * scale / PATCH) * PATCH) for length in (height, width)]
        sides = [min(side, 4 * SIDE) // PATCH * PATCH for side in sides]  # of a very long picture
        small = v2.functional.resize(picture, sides, antialias=True).clamp(0, 1)
        with torch.inference_mode():
            x = v2.functional.normalize(small, MEAN, DEVIATION)[None].to(self.device)
            found = self.model(x).predicted_depth[0].float().cpu()
        low, high = found.amin(), found.amax()
        return DepthMaps([((found - low) / (high - low).clamp_min(1e-9))[None]], (height, width), False)


def load() -> PublishedPredictor:
    """From the Hub cache or the Hub. Raises WeightsError with a sentence where that, or the package, is missing."""
    from importlib.util import find_spec

    if find_spec("transformers") is None:  # before 99 MB are pulled for nothing
        return PublishedPredictor(Path())
    files = [foreign.fetch(NAME, published) for published in PUBLISHED]
    return PublishedPredictor(files[0].parent)


def predictor() -> PublishedPredictor:
    """The published network, loaded on first use."""
    return runtime.shelf.get(("depth", NAME), load)
