"""Pictures that the boards of the segmentation tab ask about: each is encoded once, and kept for many questions."""

import colorsys
import functools
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import PIL.Image

from demos import frame
from demos.frame import pictures
from demos.frame.keep import Keep
from dlcv.core import runtime
from dlcv.core.errors import InputError
from dlcv.core.images import draw

if TYPE_CHECKING:
    import torch

    from dlcv.segmentation.predictor import Reading, Segmentation, SegmenterPredictor

EVERYDAY, STRONGEST = "deeplab-everyday", "unet-mobilenet-camvid"
LOOKS = {"Everyday things": EVERYDAY, "Streets": STRONGEST}
DECODERS = {"hourglass": "hourglass-camvid", "segnet": "segnet-camvid", "unet": "unet-camvid"}
MEMBRANES = {"weighted": "unet-membranes", "unweighted": "unet-membranes-unweighted"}
SKIMAGE = Path(find_spec("skimage").origin).parent / "data"
EXAMPLES = [str(SKIMAGE / name) for name in ("chelsea.png", "astronaut.png", "motorcycle_left.png", "coins.png")]
KINDS = ("street", "tissue", "packaged")
LARGEST = 1600  # pixels of the longer side of a picture, and of a cut-out
MEMORY = 500 * 2**20  # bytes that all kept pictures may take together
WEIGHT = 4  # bytes of a number
MOST = 999_999  # of drawn pictures
GOLDEN = 0.381966  # of the circle of colours from one class to the next


class Source(frame.Query):
    """Which picture: one that code draws from a number, or one of the packaged photographs by its place."""

    kind: frame.Choice(KINDS)
    number: frame.Whole(0, MOST) = 0


class Kept:
    """A picture, what is true of it where code drew it, and what each network's encoder knows of it."""

    def __init__(self, pixels: "torch.Tensor", truth: "torch.Tensor | None" = None):
        from dlcv.core.images.fit import fit_within
        from dlcv.segmentation.predictor import LONGEST

        self.pixels, self.truth = pixels, truth  # (3, H, W) in [0, 1], (H, W) uint8 or int32
        self.picture = fit_within(pixels, LONGEST)  # (3, h, w): what the boards ask about
        self._readings: dict[tuple, Reading] = {}
        self._answers: dict[str, Segmentation] = {}
        self._lock = threading.Lock()

    @property
    def size(self) -> list[int]:
        """Width and height of what the boards ask about."""
        return list(self.picture.shape[:0:-1])

    def reading(self, name: str, size: tuple[int, int] | None = None) -> "Reading":
        """What the encoder of a network knows of the picture, scaled to `size`, height and width, where it is given:
        one pass, once."""
        size = None if size == tuple(self.size[::-1]) else size
        with self._lock:
            if (name, size) not in self._readings:
                model = predictor(name)
                x = self.picture if model.model.config.colours == 3 else self.picture.mean(0, keepdim=True)
                self._readings[name, size] = model.read(x, size)
            return self._readings[name, size]

    def segmentation(self, name: str) -> "Segmentation":
        """Classes of the picture, by a network or by the published one."""
        asked = self.picture if name == EVERYDAY else self.reading(name)
        with self._lock:
            if name not in self._answers:
                self._answers[name] = predictor(name).segment(asked)
            return self._answers[name]

    @property
    def memory(self) -> int:
        """Bytes, about: the picture, what encoders know of it, and the probabilities of classes, to which others may
        be adding."""
        maps = [maps for reading in list(self._readings.values()) for maps in reading.encoded.features]
        answers = [answer.logits for answer in list(self._answers.values())]
        return WEIGHT * sum(one.numel() for one in (self.pixels, self.picture, *maps, *maps, *answers))


kept: Keep[Kept] = Keep(
    MEMORY, "This picture was put away to make room. Choose it once more.", lambda picture: picture.memory
)


def predictor(name: str) -> "SegmenterPredictor":
    """A network by the name of its weights, which are loaded on first use.

    What it knows of a picture must last from one question to the next, and on ZeroGPU a process that has the GPU does
    not: there it stays on the CPU.
    """
    from dlcv.segmentation import predictor

    found = predictor.everyday() if name == EVERYDAY else predictor.predictor(name)
    if runtime.on_zero_gpu():
        found.model.cpu()
        found.device = next(found.model.parameters()).device
    return found


runtime.preload(predictor, EVERYDAY, STRONGEST, *DECODERS.values(), *MEMBRANES.values())


@functools.lru_cache(maxsize=16)
def drawn(kind: str, number: int) -> Kept:
    """The picture of a kind and number, one for all visitors. InputError where there is no such photograph."""
    import torch

    if kind == "packaged":
        if number >= len(EXAMPLES):
            raise InputError(f"There are {len(EXAMPLES)} packaged photographs.")
        with PIL.Image.open(EXAMPLES[number]) as opened:
            return Kept(pictures.tensor(opened, LARGEST))
    if kind == "street":
        from dlcv.segmentation.streets import street

        made = street(number)
        return Kept(torch.from_numpy(made.picture).permute(2, 0, 1) / 255, torch.from_numpy(made.labels))
    from dlcv.segmentation.cells import tissue

    made = tissue(seed=number)
    return Kept(torch.from_numpy(made.picture)[None].expand(3, -1, -1) / 255, torch.from_numpy(made.cells))


def called(token: Any) -> Kept:
    """The picture of that name: of a visitor's own one that nobody guesses, of others their kind and number.
    InputError where there is none, or where it was put away."""
    kind, _, number = token.partition(" ") if isinstance(token, str) else ("", "", "")
    if kind in KINDS and number.isdecimal() and len(number) <= len(str(MOST)):
        return drawn(kind, int(number))
    return kept.get(token)


def described(one: Kept, token: str) -> dict:
    """What a board needs to know of a picture."""
    return {"token": token, "size": one.size, "picture": draw.data_uri(pictures.image(one.pixels), "JPEG")}


def open_picture(query: Source) -> dict:
    """A picture to ask about, and its name."""
    return described(drawn(query.kind, query.number), f"{query.kind} {query.number}")


class OfPicture(frame.Query):
    """Question about a picture that is kept."""

    token: Any = None

    def kept(self) -> Kept:
        """The picture. InputError where it was put away."""
        return called(self.token)


def labels_uri(labels: "torch.Tensor") -> str:
    """Labels (H, W) below 256 as a picture whose grey values they are, in a data URI."""
    return draw.data_uri(PIL.Image.fromarray(labels.numpy().astype("uint8")))


def classes_of(name: str) -> dict:
    """Names of a network's classes, and their colours on the screen: of streets those of SegNet's authors; those of
    Pascal VOC are too dark, so that others stand for them, the background in none."""
    from dlcv.segmentation.export import STREET_COLOURS

    names = predictor(name).class_names
    bright = [colorsys.hls_to_rgb((number * GOLDEN + 0.5) % 1, 0.56, 0.75) for number in range(len(names))]
    colours = [[round(255 * part) for part in colour] for colour in bright]
    return {"names": list(names), "colours": colours if name == EVERYDAY else STREET_COLOURS}
