"""Generative adversarial networks: two networks that learn from each other, as a game or as a distance."""

WINDOW = 1.25  # half the side of the part of the plane that the laboratory shows; here, where no torch is needed
