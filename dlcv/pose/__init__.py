"""Pose hall: Convolutional Pose Machines, and Part Affinity Fields where there are several people."""
