"""Digits of MNIST as USPS and MNIST-M would have them, and two readers: one that was adapted, one that was not."""

from demos import frame
from dlcv import runtime
from dlcv.draw import colour_sheet, data_uri
from dlcv.errors import InputError

DOMAINS = {"usps": "USPS", "mnist-m": "MNIST-M"}
SOURCE_ONLY = ["reader-mnist", "reader-usps"]
ADAPTED = ["reader-mnist-as-usps", "reader-usps-as-mnist", "reader-mnist-as-mnist-m"]
CHECKPOINTS = [*SOURCE_ONLY, *ADAPTED]


def classifier(name: str):
    """A reader of digits, loaded on first use."""
    from dlcv.cyclegan.predictor import classifier

    return classifier(name)


runtime.preload(classifier, *CHECKPOINTS)


def translate_digit(query: dict) -> dict:
    """A drawing as MNIST has it, in another domain, and back again; what the readers say of it there."""
    from dlcv import digits
    from dlcv.cyclegan.predictor import look_at_digit

    picture = query.get("picture")
    if not isinstance(picture, str):
        raise InputError("Draw a digit first.")
    domain = frame.choice(query, "domain", DOMAINS)
    digit = digits.read(picture)
    seen = look_at_digit(digit, DOMAINS[domain], int(frame.number(query, "seed", 0, 999_999)))

    def sheet(pictures):
        return data_uri(colour_sheet(pictures.expand(-1, 3, -1, -1), len(pictures)))

    readings = {"source": seen.source_only, "adapted": seen.adapted}
    return {
        "seen": sheet(digit),
        "translated": sheet(seen.translated),
        "back": sheet(seen.back),
        "count": len(seen.translated),
        "readings": {
            name: [{"digit": row.argmax().item(), "sure": round(row.max().item(), 3)} for row in found]
            for name, found in readings.items()
        },
    }


def board() -> None:
    """The pad, and a row of pictures for each domain."""
    frame.Board("cyclegan_digits", server_functions=[translate_digit], value=DOMAINS)
