"""The GAN tab."""

from demos.frame.pictures import drawn_seven
from dlcv.core.images import digits
from dlcv.gan.predictor import GANPredictor, evaluator

ADDED = {"/gan_generate": 30.0, "/gan_critic": 30.0, "/gan_variety": 30.0}  # ms over the bare pass, p50
LABORATORY = "#gan-laboratory-board"
# what runs, the button that starts it, the text that changes, and how often a second it must
RUNS = [("laboratory", f"{LABORATORY} .lab-play", f"{LABORATORY} .lab-screens h3 span", 5.0)]


def passes() -> dict:
    """For each endpoint the computation alone."""
    gan, classes, x = GANPredictor("wgan-gp-mnist"), evaluator("judge-mnist"), digits.from_picture(drawn_seven())
    return {
        "/gan_generate": lambda: gan.sample(64, seed=0),
        "/gan_critic": lambda: gan.scores(x),
        "/gan_variety": lambda: gan.variety(classes, 1000, seed=0),
    }
