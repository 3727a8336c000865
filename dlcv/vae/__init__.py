"""Variational autoencoders: generate pictures that follow the distribution of a training set."""
