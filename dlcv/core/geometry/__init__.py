"""Grids that pictures are sampled on, and clouds of points."""
