"""Convolutional Pose Machines, and Part Affinity Fields where there are several people."""

NOTICE = (
    "Weights by Zhe Cao, Tomas Simon, Shih-En Wei and Yaser Sheikh of Carnegie Mellon University. Their licence allows"
    " academic and non-profit research only, and no passing on: **not for commercial use**. They are pulled from the"
    " Hub when you ask, 209 MB, and run on this server."
)
"""What is said before OpenPose's published network is fetched. Here, so that a screen may say it without torch."""

PEAK, LINK = 0.15, 0.05
"""Belief of a joint, and mean affinity along a limb, at least. Here for the same reason."""
