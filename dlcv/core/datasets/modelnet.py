"""ModelNet10 (Wu et al. 2015): 4,899 CAD models of furniture and the like, as clouds of 1,024 points, z up."""

from pathlib import Path

import numpy as np
import torch
from torchvision.datasets.utils import download_and_extract_archive

from ..geometry import clouds
from . import root

CLASSES = ("bathtub", "bed", "chair", "desk", "dresser", "monitor", "night_stand", "sofa", "table", "toilet")
HOME = "http://3dvision.princeton.edu/projects/2014/3DShapeNets/ModelNet10.zip"
POINTS = 1024


def load(split: str = "train") -> tuple[torch.Tensor, torch.Tensor]:
    """Clouds (N, 1024, 3) float32, centred, the farthest point at distance 1, and labels (N,) int64.

    Args:
        split: "train" (3,991) or "test" (908), the official ones.
    """
    folder, may_download = root()
    archive = folder / "modelnet10" / "modelnet10_1024.npz"
    if not archive.exists():
        if not may_download:
            raise FileNotFoundError(f"There is no modelnet10/{archive.name} in {folder}.")
        if not (folder / "ModelNet10").exists():
            download_and_extract_archive(HOME, folder)
        archive.parent.mkdir(exist_ok=True)
        np.savez_compressed(archive, **_from_meshes(folder / "ModelNet10"))
    with np.load(archive) as arrays:
        points, labels = arrays[f"{split}_points"], arrays[f"{split}_label"]
    return torch.from_numpy(points).float(), torch.from_numpy(labels).long()


def _from_meshes(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of the archive, from the meshes as they are published: points spread evenly over each surface."""
    import trimesh

    arrays, generator = {}, torch.Generator().manual_seed(0)
    for split in ("train", "test"):
        found, labels = [], []
        for label, name in enumerate(CLASSES):
            for path in sorted((folder / name / split).glob("*.off")):
                mesh = trimesh.load_mesh(path, process=False)
                vertices, faces = torch.tensor(mesh.vertices).float(), torch.tensor(mesh.faces)
                many, _ = clouds.sample_surface(vertices, faces, 4 * POINTS, generator)
                points = many[clouds.farthest_points(many, POINTS)]
                found.append(clouds.normalised(points).half().numpy())
                labels.append(label)
        arrays |= {f"{split}_points": np.stack(found), f"{split}_label": np.array(labels, np.uint8)}
    return arrays
