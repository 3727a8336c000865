"""LIFT as an object of OpenCV beside OpenCV's SIFT and ORB: 1,000 points of a photograph of 640 pixels.

    python -m benchmarks.lift [--rounds 5] [--threads 2]

Prints the seconds a picture, and exits with 1 where LIFT takes more than 3.
"""

import argparse
import sys

import cv2
import torch

from benchmarks.timing import in_turns, verdict
from dlcv.core.images.scenes import packaged
from dlcv.lift.peers import bytes_of
from dlcv.lift.predictor import create
from dlcv.lift.views import grey

COUNT, WIDTH, HEIGHT, MOST = 1000, 640, 480, 3000.0  # points, pixels, milliseconds


def main() -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lift", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="pictures of each")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(args.threads)
    picture = cv2.resize(bytes_of(grey(packaged("coffee"))), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    lift, sift, orb = create(COUNT), cv2.SIFT_create(COUNT), cv2.ORB_create(COUNT)
    ours, *others = in_turns(
        *(lambda one=one: one.detectAndCompute(picture, None) for one in (lift, sift, orb)), rounds=args.rounds
    )
    for name, times in zip(("LIFT", "SIFT", "ORB"), (ours, *others)):
        print(f"{name:6}{times.p50:10.0f} ms")
    return verdict([(f"LIFT takes {ours.p50:.0f} ms (at most {MOST:g})", ours.p50 <= MOST)])


if __name__ == "__main__":
    sys.exit(main())
