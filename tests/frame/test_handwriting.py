"""The tabs that take a digit read it from any paper, and read the same on their boards and for their clients."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from dlcv.core.errors import InputError
from tests.support.handwriting import FIVES, drawn, laid, picture
from tests.vae.reading import digit_in, pixels

KINDS = ["grey paper, wider than high", "light ink on brown wood", "light on nothing", "a pen of one pixel"]


def stn(sent):
    from demos.stn import api, boards

    query = boards.Read(picture=sent)
    numbers, _ = api.stn_rectify(query) if isinstance(sent, Image.Image) else (boards.rectify(query), None)
    return numbers["probabilities"]


def vae(sent):
    from demos.vae import api, boards

    if isinstance(sent, Image.Image):
        return pixels(api.vae_encode(sent)["seen"])
    return pixels(boards.read_drawing(boards.Drawing(picture=sent, data="digits"))["models"][1]["seen"])


def gan(sent):
    from demos.gan import api, boards

    if isinstance(sent, Image.Image):
        return [api.gan_critic(sent)["score"]]
    return [boards.score_drawing(boards.Drawing(picture=sent, data="digits"))["scores"]["wgan-gp"]["picture"]]


def cyclegan(sent):
    from demos.cyclegan import digits

    answer = digits.translate_digit(digits.Drawing(picture=sent, domain="usps", seed=0))
    return [[one["digit"], one["sure"]] for one in answer["readings"]["source"]]


def uri(drawing: Image.Image) -> str:
    file = io.BytesIO()
    drawing.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize("topic", [stn, vae, gan, cyclegan])
def test_board_and_client_get_the_same_answer(topic):
    for kind in KINDS:
        five = FIVES[kind]()
        assert np.allclose(topic(five), topic(uri(five)), atol=1e-3), kind


@pytest.mark.parametrize("topic", [stn, vae, gan, cyclegan])
def test_two_digits_are_refused(topic):
    two = picture(laid(np.hstack([drawn(4), drawn(2)])))
    for sent in (two, uri(two)):
        with pytest.raises(InputError, match="more than one"):
            topic(sent)


@pytest.mark.parametrize("kind", KINDS)
def test_the_answers_are_right(kind):
    five, plain = FIVES[kind](), picture(laid(drawn()))
    assert np.argmax(stn(five)) == 5
    assert digit_in(vae(five)) == 5
    assert cyclegan(five)[0][0] == 5
    assert abs(gan(five)[0] - gan(plain)[0]) < 2
