"""The screens: one folder a topic, each with ABOUT and build(), over the frame they share."""

import os

# Read by gradio and huggingface_hub at import, so set before either is: nothing here may call home.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
# Gradio's list of the last events, for a monitor that is off here: a table of them was made after each answer, 6 ms.
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
# Read by torch at import. These networks are small and visitors many: one core each, rather than all cores for one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from dlcv.core import runtime  # noqa: E402, F401  on ZeroGPU it imports `spaces`, which must come before gradio and torch

TOPICS = [
    "autoencoder",
    "siamese",
    "vae",
    "gan",
    "adversarial",
    "cyclegan",
    "detection",
    "segmentation",
    "pose",
    "stn",
    "finegrained",
    "pointnet",
    "correspondence",
    "depth",
    "lift",
]
"""The tabs in the order of the lecture; each is a folder here and a package under dlcv."""
