"""The screens: one module a topic, each with build(), over the frame they share."""

import os
from dataclasses import dataclass

# Read by gradio and huggingface_hub at import, so set before either is: nothing here may call home.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
# Read by torch at import. These networks are small and visitors many: one core each, rather than all cores for one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from dlcv.core import runtime  # noqa: E402, F401  on ZeroGPU it imports `spaces`, which must come before gradio and torch


@dataclass(frozen=True)
class Topic:
    """One tab: `id` names the tab, the package under dlcv, the test file and `?tab=`."""

    id: str
    title: str
    """Short, for the strip of tabs."""
    name: str
    lecture: str
    """Where the lecture speaks of it."""
    summary: str
    """One line for the card on the home screen."""
    module: str


TABS = [
    Topic(
        "vae",
        "VAE",
        "Variational autoencoder",
        "Generative models",
        "Walk through a space where every point is a digit, and find yours on the map.",
        "demos.vae",
    ),
    Topic(
        "gan",
        "GAN",
        "Generative adversarial networks",
        "Generative models",
        "Two networks play against each other: watch them learn, walk between what they invent, ask the critic.",
        "demos.gan",
    ),
    Topic(
        "cyclegan",
        "CycleGAN",
        "CycleGAN",
        "Generative models",
        "Paint a photograph like Monet and take it back, learned without a single pair of pictures.",
        "demos.cyclegan",
    ),
    Topic(
        "detection",
        "Detection",
        "Detection hall",
        "Detection",
        "People, nuclei, blood cells: see every step from anchor boxes to masks, and what each idea since R-CNN saved.",
        "demos.detection",
    ),
    Topic(
        "pose",
        "Pose",
        "Pose machines and affinity fields",
        "Articulated pose prediction",
        "Find the joints of everybody in a picture, and watch stage by stage whose arm is whose.",
        "demos.pose",
    ),
    Topic(
        "stn",
        "Spatial Transformer",
        "Spatial Transformer network",
        "Learning geometry",
        "Turn, stretch and warp a digit; a network learns to set it upright before reading it.",
        "demos.stn",
    ),
    Topic(
        "pointnet",
        "PointNet",
        "PointNet",
        "Dealing with orderless input",
        "Spoil, cut and shuffle a cloud of points; a network that forgets their order still knows the shape.",
        "demos.pointnet",
    ),
    Topic(
        "depth",
        "Depth",
        "Depth from one picture",
        "Self-learning",
        "See how far away everything in a photograph is, as a network learned it from what two eyes see.",
        "demos.depth",
    ),
]


def topic(topic_id: str) -> Topic:
    """The topic of that id; KeyError where none is."""
    return {tab.id: tab for tab in TABS}[topic_id]
