"""BCCD: blood smears under the microscope, 640 x 480, with boxes around red and white cells and platelets."""

import xml.etree.ElementTree as ElementTree

import torch

from . import archive

LABELS = {"RBC": 1, "WBC": 2, "Platelets": 3}  # by the names in the annotations
CLASSES = ("red cell", "white cell", "platelet")
HOME = "https://github.com/Shenggan/BCCD_Dataset/archive/refs/heads/master.zip"
CORNERS = ("xmin", "ymin", "xmax", "ymax")


def load(split: str = "train") -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Pictures (3, 480, 640) uint8, each with boxes (G, 4), XYXY in pixels, and labels (G,), 1 to 3.

    Args:
        split: "train" (205), "val" (87) or "test" (72), the publisher's own.
    """
    folder = archive.unpacked("bccd/bccd.tar", HOME, "BCCD_Dataset-master") / "BCCD"
    found = []
    for name in (folder / "ImageSets" / "Main" / f"{split}.txt").read_text().split():
        objects = ElementTree.parse(folder / "Annotations" / f"{name}.xml").getroot().findall("object")
        boxes = [[float(thing.find("bndbox").find(corner).text) for corner in CORNERS] for thing in objects]
        boxes, labels = torch.tensor(boxes), torch.tensor([LABELS[thing.find("name").text] for thing in objects])
        real = (boxes[:, 2:] > boxes[:, :2]).all(1)  # a few are but a click
        found.append((archive.picture(folder / "JPEGImages" / f"{name}.jpg"), boxes[real], labels[real]))
    return found
