"""The Database of Faces of AT&T Laboratories Cambridge, formerly the ORL database: 40 people, ten pictures each."""

import numpy as np
import torch
from PIL import Image
from torchvision.datasets.utils import download_and_extract_archive

from . import root

HOME = "https://www.cl.cam.ac.uk/research/dtg/attarchive/pub/data/att_faces.zip"
PEOPLE, SHOTS = 40, 10


def load() -> torch.Tensor:
    """Pictures (40, 10, 112, 92) uint8, grey, by person and shot.

    Raises FileNotFoundError where nothing is at hand and nothing may be downloaded.
    """
    folder, may_download = root()
    archive, unpacked = folder / "att_faces" / "att_faces_400x112x92.npz", folder / "att_faces" / "s1"
    if archive.exists():
        with np.load(archive) as arrays:
            order = np.lexsort((arrays["shot"], arrays["person"]))
            found = arrays["images"][order]
    else:
        if not unpacked.exists():
            if not may_download:
                raise FileNotFoundError(f"There is no {archive}.")
            download_and_extract_archive(HOME, folder, unpacked.parent)
        paths = [unpacked.parent / f"s{person}" / f"{shot}.pgm" for person in range(1, 41) for shot in range(1, 11)]
        found = np.stack([np.asarray(Image.open(path)) for path in paths])
    return torch.from_numpy(found).view(PEOPLE, SHOTS, *found.shape[1:])
