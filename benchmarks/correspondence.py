"""The threshold that is best for each estimator on the validation place: what dlcv.correspondence.evaluate uses.

    python -m benchmarks.correspondence [--data DIR]

Prints mAP within 5 and 20 degrees by estimator, by whom the matches are chosen, and by threshold or logit.
"""

import argparse
from collections.abc import Callable

import cv2

from dlcv.core import weights
from dlcv.core.datasets import parse_with_data, two_view
from dlcv.correspondence.evaluate import THRESHOLDS, Asked, asked_of, estimate, kept_of, scored
from dlcv.correspondence.model import CorrespondenceNet

PIXELS = (0.5, 1.0, 1.5, 2.0)
LOGITS = (0.0, 1.0, 2.0)
NETWORK = "correspondence"


def main() -> None:
    """Run the command."""
    parse_with_data(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    cv2.setNumThreads(1)
    views = two_view.load("val")
    views.bench[:] = True
    pairs = asked_of(weights.load(CorrespondenceNet, NETWORK), views)

    def told(who: str, method: Callable) -> None:
        found = scored(views, pairs, method, network=False)
        maps = " ".join(f"{found['maps'][limit]:6.1f}" for limit in (5, 20))
        print(f"{who:56} {maps} {found['ms']:8.1f} ms", flush=True)

    for name in THRESHOLDS:
        for pixels in PIXELS:

            def tested(asked: Asked, name=name, pixels=pixels):
                return estimate(name, pixels, asked, asked.tested)

            told(f"ratio test, mutual check, then {name}, {pixels} px", tested)
            for logit in LOGITS:

                def kept(asked: Asked, name=name, pixels=pixels, logit=logit):
                    return estimate(name, pixels, asked, kept_of(asked, logit))

                def any_kept(asked: Asked, name=name, pixels=pixels, logit=logit):
                    return estimate(name, pixels, asked, asked.logits > logit)

                told(f"network above {logit:g}, mutual check, then {name}, {pixels} px", kept)
                told(f"network above {logit:g}, then {name}, {pixels} px", any_kept)


if __name__ == "__main__":
    main()
