"""What the detectors that ship are, and how each of them is trained."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from ..core.datasets import blood
from ..core.training.loop import Recipe
from .model import DetectorConfig

PEOPLE = "maskrcnn-people"
CONFIGS = {
    "maskrcnn-nuclei": DetectorConfig(
        ("nucleus",), masks=True, min_size=384, max_size=640, proposals=500, detections=300
    ),
    "fasterrcnn-blood": DetectorConfig(blood.CLASSES),
    PEOPLE: DetectorConfig(
        ("person",),
        masks=True,
        min_size=640,
        max_size=1067,
        backbone="people",
        proposals=1000,
        nms_iou=0.4,
        score_threshold=0.7,
    ),
}
CROP_SIDE = {"maskrcnn-nuclei": 256, "fasterrcnn-blood": 448}  # pixels of the crops that are learned from
LICENCES = {"maskrcnn-nuclei": "cc0-1.0", "fasterrcnn-blood": "mit", PEOPLE: "cc-by-nc-sa-4.0"}  # the data's
# How many parts of the backbone stay as they were published. The first layers have the largest maps, half of the time
# of a step; of the people's backbone both bodies do, so that nothing is learned of how a pasted outline looks
# (Hinterstoisser et al. 2017), and what the bodies know of real people is not forgotten.
FROZEN = {"maskrcnn-nuclei": 3, "fasterrcnn-blood": 3, PEOPLE: 2}


def recipes(nuclei: int, blood: int, people: int, **settings) -> dict[str, Recipe]:
    """The recipes of all detectors by name, from their epochs and what else is not as usual."""
    usual = replace(Recipe(batch_size=4, learning_rate=1e-3, weight_decay=0.01, clip=5.0, average=0.998), **settings)
    epochs = {"maskrcnn-nuclei": nuclei, "fasterrcnn-blood": blood, PEOPLE: people}
    return {name: replace(usual, epochs=count) for name, count in epochs.items()}


PRESETS = {
    "cpu": recipes(nuclei=14, blood=20, people=2),
    "gpu": recipes(nuclei=100, blood=100, people=16, batch_size=16, workers=8),
}


class Mix(NamedTuple):
    """Pictures of people in an epoch."""

    made: int = 1200  # with people pasted into photographs
    mosaics: int = 500
    coco: int = 20  # times that each photograph of COCO is shown
    pseudo_labelled: int = 0  # times that each photograph is shown whose people published networks found


@dataclass(frozen=True)
class Phase:
    """A part of the training of people."""

    run: str  # its name
    epochs: int
    learning_rate: float = 5e-4
    mix: Mix = Mix()
    side: int = 448  # pixels of the crops
    crop: tuple[float, float] = (0.3, 1)  # least and largest part of a picture in a crop
    seed: int = 0

    def recipe(self, usual: Recipe) -> Recipe:
        """The usual recipe with what this phase has of its own."""
        return replace(usual, epochs=self.epochs, learning_rate=self.learning_rate, seed=self.seed)


class Turn(NamedTuple):
    """Phases that all begin with the same weights; the next turn begins with the mean of what they end with."""

    phases: tuple[Phase, ...]
    kept: int = 0  # times that the weights the turn begins with count in the mean


def people_turns(epochs: int) -> tuple[Turn, ...]:
    """The training of people: small crops first, which are fast, then larger ones, then trials whose weights are
    averaged. "tiny" sees small people larger, as the detector will."""
    return (
        Turn((Phase(PEOPLE, epochs, learning_rate=1e-3, side=320),)),
        Turn((Phase(f"{PEOPLE}-near", 2 * epochs, learning_rate=7e-4),)),
        Turn(
            (
                Phase(f"{PEOPLE}-made", 1, mix=Mix(2800, 500, 20), seed=1),
                Phase(f"{PEOPLE}-wide", 1, mix=Mix(900, 450, 60), crop=(0.15, 1), seed=1),
            ),
            kept=1,
        ),
        Turn(
            (
                Phase(f"{PEOPLE}-real", 2, mix=Mix(900, 450, 60), crop=(0.15, 1), seed=2),
                Phase(f"{PEOPLE}-both", 2, mix=Mix(1200, 500, 30), crop=(0.25, 1), seed=3),
            )
        ),
        Turn((Phase(f"{PEOPLE}-tiny", 2, mix=Mix(900, 450, 60), crop=(0.08, 0.6), seed=7),), kept=2),
        Turn((Phase(f"{PEOPLE}-pseudo", 2, mix=Mix(650, 330, 20, 36), crop=(0.1, 1), seed=9),), kept=3),
    )
