"""Depth from one picture, learned from depth or, with no depth at all, from pairs of pictures."""

FOCALS = (8.0, 400.0)
"""Least and most focal length that is believed, in millimetres for 35 mm film. Here, so that a screen has these limits
without importing torch."""
SIDE = 640
"""Pixels of the longer side of a photograph for the networks, whose inputs are smaller."""
