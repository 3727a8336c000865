"""What lies nearest to a drawing, by four measures, among generated pictures: the data sets' own do not ship."""

from typing import TYPE_CHECKING, NamedTuple

from dlcv.core import runtime

from .models import FAMILIES, predictor, vae_model

if TYPE_CHECKING:
    import torch

MEASURES = {
    "pixels": "Pixels",
    "pca": "PCA's code of 30",
    "network": "The autoencoder's code of 30",
    "vae": "A VAE's mean of 40",
}


class Nearest(NamedTuple):
    """Pictures near a drawing, the nearest first."""

    pictures: "torch.Tensor"  # (k, 28, 28)
    labels: list[int]
    distances: list[float]
    places: list[int]  # in the pool


def vectors(data: str, x) -> dict:
    """Vectors (N, d) of pictures (N, 1, 28, 28) by each measure."""
    import torch

    family = FAMILIES[data]
    vae = vae_model(family.vae)
    with torch.inference_mode():
        means = [
            vae.encode((batch >= 0.5).float() if data == "digits" else batch)[0].cpu()
            for batch in x.to(vae.class_means.device).split(100)
        ]
    codes = {
        which: torch.cat([predictor(name).codes(batch) for batch in x.split(100)])
        for which, name in (("pca", family.pca), ("network", family.network))
    }
    return {"pixels": x.flatten(1), **codes, "vae": torch.cat(means)}


def of_pool(data: str) -> dict:
    """Vectors of all pictures of a data set's pool, computed on first use."""
    from dlcv.core import pool

    return runtime.shelf.get(("autoencoder", "vectors", data), lambda: vectors(data, pool.pool(data).pictures))


def nearest(data: str, x, count: int) -> dict[str, Nearest]:
    """The nearest of the pool's pictures to a picture (1, 1, 28, 28), by each measure."""
    import torch

    from dlcv.core import pool

    known = pool.pool(data)
    found, others = {}, of_pool(data)
    for which, own in vectors(data, x).items():
        distances, places = torch.cdist(own, others[which])[0].topk(count, largest=False)
        labels = known.labels[places].tolist()
        found[which] = Nearest(known.pictures[places, 0], labels, distances.tolist(), places.tolist())
    return found


runtime.preload(of_pool, *FAMILIES)
