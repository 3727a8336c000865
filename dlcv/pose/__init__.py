"""Convolutional Pose Machines, and Part Affinity Fields where there are several people."""

NOTICE = (
    "Weights by Zhe Cao, Tomas Simon, Shih-En Wei and Yaser Sheikh of Carnegie Mellon University. Their licence allows"
    " academic and non-profit research only, and no passing on: **not for commercial use**. They are pulled from the"
    " Hub when you ask, 209 MB, and run on this server."
)
"""The notice before OpenPose's published network is fetched. Here, so that a screen has it without importing torch."""

PEAK, LINK = 0.15, 0.05
"""Least belief of a joint, and least mean affinity along a limb. Here for the same reason."""

KEYPOINT = 0.3
"""Least score of a keypoint of MoveNet. Here for the same reason."""

SIDES = (193, 1025)
"""Least and most pixels of the longer side of the network's input. Here for the same reason."""
