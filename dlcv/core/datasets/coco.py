"""160 photographs of COCO (Lin et al. 2014) with the masks of all objects and the keypoints of all people."""

import json
from pathlib import Path

import torch

from . import archive

HOME = "https://github.com/Obmutescence/COCO-MINI/archive/refs/heads/master.zip"
PERSON = 1  # its category


def load(split: str = "train") -> list[tuple[torch.Tensor, list[dict], list[dict]]]:
    """Pictures (3, H, W) uint8, each with the annotations of its objects and of its people, as COCO has them.

    Args:
        split: "train" (80) or "val" (79).
    """
    folder = archive.unpacked("coco_mini/coco_mini.tar", HOME, "COCO-MINI-master")
    objects, people = (
        json.loads((folder / "annotations" / f"{kind}_{split}2017.json").read_text())
        for kind in ("instances", "person_keypoints")
    )
    found = []
    for entry in objects["images"]:
        [path] = (folder / f"{split}2017").glob(f"{Path(entry['file_name']).stem}.*")
        of_this = [
            [thing for thing in annotations["annotations"] if thing["image_id"] == entry["id"]]
            for annotations in (objects, people)
        ]
        found.append((archive.picture(path), *of_this))
    return found


def mask_of(annotation: dict, height: int, width: int) -> torch.Tensor:
    """The mask of an object, (height, width) bool."""
    from pycocotools import mask  # training and scoring only

    outline = annotation["segmentation"]
    runs = mask.frPyObjects(outline, height, width)
    return torch.from_numpy(mask.decode(mask.merge(runs) if isinstance(outline, list) else runs)).bool()
