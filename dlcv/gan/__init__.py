"""Generative adversarial networks: two networks that learn from each other, as a game or as a distance."""
