"""Adversarial examples: the smallest change of a picture that changes its class, and what retraining on them does."""
