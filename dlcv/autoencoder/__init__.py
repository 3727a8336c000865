"""Autoencoders: a picture as a few numbers, the code, from which a second network draws the picture again."""
