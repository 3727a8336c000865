"""DeepFool of foolbox and of torchattacks beside ours: the same digits, weights and settings.

    pip install --target PEERS --no-deps foolbox==3.3.4 eagerpy==0.30.0 torchattacks==3.5.1 GitPython gitdb smmap
    pip install --target PEERS requests
    python -m benchmarks.adversarial PEERS [--data DIR] [--count 200]

Prints the mean of ||r||_2 and the time a picture, and exits with 1 where another is shorter or faster.
"""

import argparse
import math
import sys
import time
from collections.abc import Callable

import torch

from benchmarks.timing import verdict
from dlcv.adversarial.deepfool import CANDIDATES, OVERSHOOT, STEPS, fooled
from dlcv.adversarial.predictor import predictor
from dlcv.adversarial.robustness import CAREFUL
from dlcv.core.datasets import mnist, parse_with_data

NETWORK = "lenet-mnist"
ROUNDS = 2  # of which the fastest counts
Attack = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Changed pictures of pictures (N, C, H, W) and the classes (N,) that they shall lose."""


class Logits(torch.nn.Module):
    """A network of ours as the others want one."""

    def __init__(self, network: torch.nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (N, 10) of digits (N, 1, 28, 28)."""
        return self.network(x).logits


def attacks(model: torch.nn.Module) -> dict[str, dict[str, Attack]]:
    """For each kind of attack, and each library, the pictures that it makes (N, 1, 28, 28)."""
    import foolbox
    import torchattacks

    theirs = foolbox.attacks.L2DeepFoolAttack(steps=STEPS, candidates=CANDIDATES, overshoot=OVERSHOOT)
    free, bounded = (foolbox.PyTorchModel(model, bounds=bounds, device="cpu") for bounds in ((-99, 99), (0, 1)))
    return {
        "free": {
            "ours": lambda x, labels: x + fooled(model, x, bounded=False).perturbation,
            "foolbox": lambda x, labels: theirs(free, x, labels, epsilons=None)[0],
        },
        "within [0, 1]": {
            "ours": lambda x, labels: x + fooled(model, x, share=CAREFUL).perturbation,
            "foolbox": lambda x, labels: theirs(bounded, x, labels, epsilons=None)[0],
            "torchattacks": torchattacks.DeepFool(model, steps=STEPS, overshoot=OVERSHOOT),
        },
    }


def compare(found: dict[str, Attack], model: torch.nn.Module, x: torch.Tensor) -> list[tuple[str, bool]]:
    """Prints what each attack does; the targets, and whether they are met."""
    labels, made, times = model(x).argmax(1), {}, {}
    for name, attack in found.items():
        for _ in range(ROUNDS):
            began = time.process_time()
            made[name] = attack(x, labels).detach()
            times[name] = min(times.get(name, math.inf), 1000 * (time.process_time() - began) / len(x))
    fools = {name: model(pictures).argmax(1) != labels for name, pictures in made.items()}
    print(f"{'':14}{'||r||':>8}{'ms':>9}{'fooled':>8}")
    ratios = {}
    for name in made:
        both = fools["ours"] & fools[name]  # torchattacks does not end on the other side of every border
        lengths = {one: (made[one] - x).flatten(1).norm(dim=1)[both].mean().item() for one in ("ours", name)}
        ratios[name] = lengths["ours"] / lengths[name]
        share = 100 * fools[name].float().mean().item()
        print(f"{name:14}{lengths[name]:8.4f}{times[name]:9.2f}{share:7.1f} %   ours {ratios[name]:.3f} of it")
    others = [name for name in found if name != "ours"]
    longest = max(ratios[name] for name in others)
    pace = times["ours"] / min(times[name] for name in others)
    return [
        (f"||r||: {longest:.4f} of any other's at most (at most 1.00)", round(longest, 3) <= 1),
        (f"time: {pace:.2f} of the fastest of others (at most 1.0)", pace <= 1.0),
    ]


def main() -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peers", help="the folder of the other libraries")
    parser.add_argument("--count", type=int, default=200, help="digits")
    args = parse_with_data(parser)
    sys.path.append(args.peers)
    network = predictor(NETWORK)
    model, x = Logits(network.model).eval(), mnist.load("mnist", "test")[0][: args.count]
    targets = []
    for title, found in attacks(model).items():
        print(f"{title}, {len(x)} digits")
        targets += compare(found, model, x)
    return verdict(targets)


if __name__ == "__main__":
    sys.exit(main())
