"""Spatial Transformers: a network that turns and crops its input before it looks at it."""
