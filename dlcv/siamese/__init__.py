"""Siamese networks: one network sees both pictures, and the distance of its two answers says how alike they are."""
