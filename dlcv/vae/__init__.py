"""Variational autoencoders: generate pictures that follow the distribution of a training set."""

MOMENTS = (0, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2760)
"""Updates of the weights after which a state of a training was kept. Here, so that a screen has them without importing
torch."""
