"""The public endpoints of the VAE tab, over HTTP: right answers, and sentences for nonsense."""

from __future__ import annotations

import base64
import io
import json
import re
import urllib.error
import urllib.request

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.vae.reading import digit_in, pixels


def post(gallery, name: str, body: bytes | list) -> tuple[int, dict]:
    """Calls an endpoint over plain HTTP; the status and the answer."""
    content = body if isinstance(body, bytes) else json.dumps({"data": body}).encode()
    request = urllib.request.Request(
        f"{gallery.url}/gradio_api/run/{name}", data=content, headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def seven() -> dict:
    """A drawn seven as an endpoint takes a picture."""
    picture, png = Image.new("L", (100, 100), 255), io.BytesIO()
    ImageDraw.Draw(picture).line([(28, 25), (72, 25), (44, 80)], 0, 8)
    picture.save(png, "PNG")
    return {"url": "data:image/png;base64," + base64.b64encode(png.getvalue()).decode()}


def test_endpoints_answer(gallery):
    status, answer = post(gallery, "vae_decode", [[0.5, -1.0], "vae-mnist-2d"])
    assert status == 200
    picture = pixels(answer["data"][0])
    assert picture.shape == (28, 28) and picture.max() > 0.4
    status, answer = post(gallery, "vae_encode", [seven(), "vae-mnist-40d"])
    found = answer["data"][0]
    assert status == 200 and len(found["mean"]) == len(found["std"]) == 40
    assert found["elbo"] == pytest.approx(found["log_likelihood"] - found["kl"], abs=1e-2)
    assert digit_in(pixels(found["reconstruction"])) == 7
    again = post(gallery, "vae_decode", [found["mean"], "vae-mnist-40d"])[1]["data"][0]
    assert np.abs(pixels(again) - pixels(found["reconstruction"])).max() < 0.01
    for name, arguments in {
        "vae_sample": ["vae-mnist-40d", 5, 0, 1.0],
        "vae_morph": ["3", found["mean"], "vae-mnist-40d", 4],
        "vae_manifold": ["vae-mnist-2d", 3, 2.0],
    }.items():
        status, answer = post(gallery, name, arguments)
        assert status == 200 and answer["data"][0]["url"].endswith(".png"), name
    status, answer = post(gallery, "vae_evidence", [seven(), "vae-mnist-2d", 10, 0])
    assert status == 200 and answer["data"][0]["samples"] == [1, 3, 10]
    status, answer = post(gallery, "vae_gradients", [seven(), "vae-mnist-2d", 32, 0])
    spread = answer["data"][0]
    assert np.mean(spread["score_function"]["std"]) > np.mean(spread["reparametrised"]["std"])


@pytest.mark.parametrize(
    "name, body",
    [
        ("vae_decode", b'{"data": [[NaN, 0], "vae-mnist-2d"]}'),
        ("vae_decode", b'{"data": [[Infinity, -Infinity], "vae-mnist-2d"]}'),
        ("vae_decode", [["0", "0"], "vae-mnist-2d"]),
        ("vae_decode", ["nan", "vae-mnist-2d"]),
        ("vae_decode", [[0, 0, 0], "vae-mnist-2d"]),
        ("vae_decode", [[0, 0], "vae-mnist-40d"]),
        ("vae_decode", [[0] * 10**6, "vae-mnist-2d"]),
        ("vae_decode", [[[[[[[0]]]]]], "vae-mnist-2d"]),
        ("vae_decode", [None, "vae-mnist-2d"]),
        ("vae_decode", [[0, 0], "../../../etc/passwd"]),
        ("vae_decode", [[0, 0], {"name": "vae-mnist-2d"}]),
        ("vae_encode", [{"path": "/etc/passwd"}, "vae-mnist-2d"]),
        ("vae_encode", [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}, "vae-mnist-2d"]),
        ("vae_encode", [{"url": "data:image/png;base64,AAAA"}, "vae-mnist-2d"]),
        ("vae_encode", [None, "vae-mnist-2d"]),
        ("vae_sample", ["vae-mnist-40d", 10**9, 0, 1.0]),
        ("vae_sample", ["vae-mnist-40d", 8, "seed", 1.0]),
        ("vae_morph", ["3", "a", "vae-mnist-40d", 10]),
        ("vae_manifold", ["vae-mnist-40d", 20, 3.0]),
        ("vae_evidence", [seven(), "vae-mnist-2d", 10**9, 0]),
        ("vae_gradients", [seven(), "vae-mnist-2d", -1, 0]),
    ],
)
def test_forged_requests_get_a_sentence(gallery, name, body):
    status, answer = post(gallery, name, body)
    assert status >= 400
    assert re.fullmatch(r"[A-Z'].*\.", answer["error"]), answer
    assert "Traceback" not in answer["error"] and "/etc" not in answer["error"]
    assert post(gallery, "vae_decode", [[0, 0], "vae-mnist-2d"])[0] == 200
