"""Segmentation: a class for every pixel, by encoders and decoders (SegNet, U-Net)."""
