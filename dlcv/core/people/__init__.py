"""Photographs of people: cut-outs with masks, and pseudo-labels."""
