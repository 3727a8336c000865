"""Depth from one picture, learned from depth or, with no depth at all, from pairs of pictures."""
