"""What the benchmarks know of a topic: passes() by endpoint, and its targets ADDED, RATIO, SLIDERS, DRAGS."""
