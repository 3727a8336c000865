"""Embeddings of pictures, as scores and screens both ask for them."""

import torch
from torch.nn import functional as F

from . import strokes
from .model import Siamese

BATCH = 250


@torch.inference_mode()
def embed(model: Siamese, pictures: torch.Tensor) -> torch.Tensor:
    """Embeddings (N, D) of pictures (N, 1, H, W) uint8: scores and screens both ask for them here.

    Where the network is one of characters, each is the mean over seven views of a picture.
    """
    device = next(model.parameters()).device
    found = []
    for batch in pictures.split(BATCH):
        x = batch.to(device).float() / 255
        if model.config.views:
            seen = model(strokes.views(x).flatten(0, 1)).embedding.view(-1, len(x), model.config.units)  # (7, N, D)
            embedding = F.normalize(seen.mean(0), dim=1)
        else:
            embedding = model(x).embedding
        found.append(embedding.cpu())
    return torch.cat(found)


def embed_all(model: Siamese, pictures: torch.Tensor) -> torch.Tensor:
    """Embeddings (C, S, D) of pictures of classes, (C, S, 1, H, W) uint8."""
    return embed(model, pictures.flatten(0, 1)).view(*pictures.shape[:2], -1)
