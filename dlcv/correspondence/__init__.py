"""Good correspondences: RANSAC, and a network that sees all matches of two pictures at once."""
