"""PointNet: a network that reads a cloud of points, in whatever order they come."""
