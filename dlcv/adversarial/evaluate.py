"""Score the classifiers that ship, by DeepFool and FGSM: python -m dlcv.adversarial.evaluate [--model NAME ...]

Prints the scores and writes them beside the weights. All 10,000 test digits take minutes a network, photographs too.
"""

import torch

from ..core import weights
from ..core.datasets import mnist
from ..core.training.evaluation import accuracy, command_line, outputs
from ..core.weights.scores import Metric
from . import samples
from .attacks import fooling_rate
from .model import Photographs, Universal
from .predictor import predictor
from .robustness import CAREFUL, by_deepfool, relative, signs, strength

COMMAND = "python -m dlcv.adversarial.evaluate"
RHO = Metric("rho_adv", "Mean of ‖r‖ / ‖x‖", "%", "higher")
ERROR = Metric("error", "Wrong answers", "%", "lower")
FOOLED = Metric("fooled", "Pictures that one perturbation fools", "%", "higher")
PAPER = "Moosavi-Dezfooli et al. 2016"
PLAIN = "lenet-mnist"
# rho_adv by DeepFool and by FGSM, and the error, in percent
PAPERS = {"lenet-mnist": (20.0, 100.0, 1.0), "perceptron-mnist": (11.0, 39.0, 1.7)}
GOOGLENET = {"paper": 0.19, "paper_source": f"{PAPER}, GoogLeNet", "paper_data": "ILSVRC 2012 validation"}
FIRST = 1000  # test pictures that stay within [0, 1], which takes longer
MORE_ROBUST, ERROR_MORE = 1.5, 0.3  # what retraining has to bring, and may cost


def measured(name: str) -> dict[str, float | None]:
    """Error, rho_adv by DeepFool free and within [0, 1], by FGSM, and FGSM's strength, of a network of 28 x 28."""
    model = predictor(name)
    x, labels = mnist.load("fashion" if "fashion" in name else "mnist", "test")
    up = signs(model.classify, x, labels)
    epsilon = strength(model.classify, x, up)
    free = by_deepfool(model.classify, x, bounded=False)
    bounded = by_deepfool(model.classify, x[:FIRST], share=CAREFUL)
    return {
        "error": 100 - accuracy(model.model, x, labels),
        "free": 100 * relative(free, x).mean().item(),
        "bounded": 100 * relative(bounded, x[:FIRST]).mean().item(),
        "fgsm": epsilon and 100 * relative(epsilon * up, x).mean().item(),
        "epsilon": epsilon,
    }


def of_digits(name: str) -> list[dict]:
    """Rows of a network of digits or garments; of a retrained one beside what the shipped scores say of it before."""
    found = measured(name)
    test = "Fashion-MNIST test, all 10,000" if "fashion" in name else "MNIST test, all 10,000"
    first = test.replace("all 10,000", f"the first {FIRST:,}")
    rho, fgsm, error = PAPERS.get(name, (None, None, None))
    beside = {"paper_source": PAPER}
    bars: dict[str, float | None] = {"rho": None, "error": None}
    if name == "lenet-mnist-deepfool":
        before = {row["metric"]: row["value"] for row in reversed(weights.metrics(PLAIN)["rows"])}
        bars = {
            "rho": round(MORE_ROBUST * before["rho_adv"], 2),
            "error": round(before["error"] + ERROR_MORE, 2),
        }
    rows = [
        RHO.row(
            f"{test}, DeepFool", round(found["free"], 2), bar=bars["rho"], paper=rho, headline=name == PLAIN,
            **(beside if rho else {}),
        ),
        RHO.row(f"{first}, DeepFool within [0, 1]", round(found["bounded"], 2)),
        ERROR.row(test, round(found["error"], 2), bar=bars["error"], paper=error, **(beside if error else {})),
    ]  # fmt: skip
    if found["fgsm"]:
        data = f"{test}, FGSM of {found['epsilon']:.2f}, which fools 90 %"
        rows.insert(2, RHO.row(data, round(found["fgsm"], 2), paper=fgsm, **(beside if fgsm else {})))
    return rows


def of_photographs(name: str) -> list[dict]:
    """Rows of MobileNetV2: how little fools it."""
    model, x = predictor(name), samples.of_everything()
    r = by_deepfool(model.classify, x, 10, bounded=False)
    data = f"{len(x)} photographs of BSDS500 and COCO, DeepFool"
    return [RHO.row(data, round(100 * relative(r, x).mean().item(), 3), **GOOGLENET)]


def of_universal(name: str) -> list[dict]:
    """Rows of one perturbation for all: how many pictures that it was not made from it fools, and noise does."""
    model = weights.load(Universal, name)
    victim = predictor(model.config.of)
    photographs = isinstance(victim.model, Photographs)
    x = samples.of_everything() if photographs else mnist.load("mnist", "test")[0]
    clean = outputs(victim.model, x, "logits")[0].argmax(1)
    v = model.v.detach()
    noise = model.config.bound * torch.rand(v.shape, generator=torch.Generator().manual_seed(0)).sub(0.5).sign()
    rate, by_noise = (round(100 * fooling_rate(victim.classify, x, one, clean), 1) for one in (v, noise))
    bound = f"{model.config.bound * 255:.0f} of 255 levels"
    data = f"{len(x):,} " + ("photographs of BSDS500 and COCO" if photographs else "MNIST test digits")
    words = f"{data}, no value changed by more than {bound}"
    return [FOOLED.row(words, rate, headline=photographs), FOOLED.row(f"{words}: noise instead", by_noise)]


def evaluate(name: str) -> list[dict]:
    """Rows of one model's metrics.json."""
    if name.startswith("universal"):
        return of_universal(name)
    return of_photographs(name) if name.endswith("photographs") else of_digits(name)


if __name__ == "__main__":
    command_line(__doc__, "adversarial", evaluate, COMMAND)
