"""What the boards and the endpoints of the Depth tab answer, without a browser; what bad requests get."""

import base64
import io

import numpy as np
import PIL.Image
import pytest
import torch
import trimesh
from skimage import data

from demos import frame
from demos.depth import pair, photograph
from demos.frame import pictures
from demos.frame.checks import UNEXPECTED
from dlcv.depth import clouds, evaluate, metrics, scenes
from tests.depth.photographs import as_png, jpeg
from tests.support.asking import judge, post
from tests.support.serving import Client

STEREO, KITCHEN = "Learned from pairs of pictures", "Learned from measured depth, in one kitchen"


def uri(content: bytes, kind: str = "jpeg") -> dict:
    return {"url": f"data:image/{kind};base64,{base64.b64encode(content).decode()}"}


def test_a_client_gets_the_map_the_files_and_the_pair(gallery):
    client, network = Client(gallery), STEREO
    picture, numbers = client.run("/depth_map", [uri(jpeg((4000, 3000), orientation=6)), network])
    assert (numbers["width"], numbers["height"]) == (3000, 4000) and numbers["least"] < numbers["most"]
    (files,) = client.run("/depth_files", [uri(jpeg((400, 300), focal=50)), KITCHEN, 0])
    assert files["focal"] == 50
    millimetres = np.array(PIL.Image.open(io.BytesIO(base64.b64decode(files["png"]))))
    cloud = trimesh.load(io.BytesIO(base64.b64decode(files["ply"])), file_type="ply")
    assert millimetres.shape == (300, 400)
    assert -cloud.vertices[:, 2].max() == pytest.approx(millimetres.min() / 1000, rel=0.02)
    mesh = trimesh.load(io.BytesIO(base64.b64decode(files["glb"])), file_type="glb").to_geometry()
    assert mesh.bounds[1][2] == pytest.approx(cloud.vertices[:, 2].max(), abs=0.01) and len(mesh.faces) > 1000
    left, right, _ = data.stereo_motorcycle()
    eyes = [uri(as_png(one), "png") for one in (left, right)]
    *_, own = client.run("/depth_stereo", [*eyes, "", 0])
    *_, packaged = client.run("/depth_stereo", [None, None, "motorcycle", 0])
    assert own["matched"] > 0.5 and own["l1"] == pytest.approx(packaged["l1"], abs=0.02)


def scene() -> dict:
    """What the cloud's board sends."""
    picture = PIL.Image.new("RGB", (40, 30), (10, 200, 30))
    query = {"near": frame.coded(np.full(1200, 30_000), "<u2"), "nearest": 0.5, "focal": 28, "size": [300, 400]}
    return query | {"colours": frame.coded(np.array(picture), "u1"), "grid": [30, 40]}


def test_files_of_a_scene_in_metres():
    picture = np.array(PIL.Image.open(io.BytesIO(base64.b64decode(frame.live(photograph.png)(scene())["file"]))))
    assert picture.shape == (300, 400) and np.abs(picture - 2000 * 65_535 / 30_000).max() <= 1
    cloud = trimesh.load(io.BytesIO(base64.b64decode(frame.live(photograph.ply)(scene())["file"])), file_type="ply")
    wide = np.ptp(cloud.vertices[:, 0]) / 4.369
    assert wide == pytest.approx(39 / clouds.focal_pixels(28, 30, 40), rel=1e-3)


def test_a_mesh_is_torn_where_one_thing_ends_before_another():
    near = np.full((30, 40), 30_000)
    near[:, 25:] = 10_000
    for values, squares in ((np.full((30, 40), 30_000), 29 * 39), (near, 29 * (23 + 13))):
        file = base64.b64decode(frame.live(photograph.glb)(scene() | {"near": frame.coded(values, "<u2")})["file"])
        mesh = trimesh.load(io.BytesIO(file), file_type="glb").to_geometry()
        assert len(mesh.faces) == 2 * squares
        assert (mesh.face_normals[:, 2] > 0.99).all()  # towards the camera, which looks along -z
        assert mesh.visual.vertex_colors[0, :3].tolist() == [10, 200, 30]


NEARER = {  # in each photograph, places (parts of its width and height) and what is farther away than they are
    "china": [((0.32, 0.27), (0.67, 0.15)), ((0.32, 0.10), (0.77, 0.48))],  # pagoda: than the sky, than the far shore
    "flower": [((0.48, 0.52), (0.13, 0.75)), ((0.48, 0.52), (0.85, 0.30))],
    "astronaut": [((0.42, 0.20), (0.05, 0.17)), ((0.43, 0.67), (0.07, 0.37))],  # face and suit: than the flag
}


@pytest.mark.parametrize("name", NEARER)
def test_what_is_nearer_in_a_photograph_comes_out_nearer(gallery, name):
    """By the endpoint, with the network that answers first."""
    photographs = {"china": frame.PHOTOGRAPHS[0], "flower": frame.PHOTOGRAPHS[3]}
    pixels = data.astronaut() if name == "astronaut" else np.array(PIL.Image.open(photographs[name]))
    (files,) = Client(gallery).run("/depth_files", [uri(as_png(pixels), "png"), photograph.FIRST, 0])
    near = np.array(PIL.Image.open(io.BytesIO(base64.b64decode(files["png"])))).astype(float)
    height, width = near.shape
    for nearer, farther in NEARER[name]:
        first, second = (near[round(y * height), round(x * width)] for x, y in (nearer, farther))
        assert first > 1.2 * second


FORGED = [
    {"near": None},
    {"near": ""},
    {"near": "é" * 100},
    {"near": "AAAA"},
    {"colours": "AAAA"},
    {"grid": [30]},
    {"grid": [2000, 2000]},
    {"grid": ["30", 40]},
    {"nearest": float("nan")},
    {"nearest": "1"},
]


@pytest.mark.parametrize("changes", FORGED, ids=lambda changes: "-".join(map(str, *changes.items()))[:30])
def test_forged_scenes_get_a_sentence(changes):
    for ask in photograph.FILES.values():
        answer = frame.live(ask)(scene() | changes)
        assert set(answer) == {"error"} and answer["error"].endswith(".") and answer["error"] != UNEXPECTED


@pytest.mark.parametrize("changes", [{"focal": None}, {"size": [16_000, 16_000]}, {"size": None}, {"focal": "28"}])
def test_forged_settings_get_a_sentence(changes):
    ask = photograph.ply if "focal" in changes else photograph.png
    answer = frame.live(ask)(scene() | changes)
    assert set(answer) == {"error"} and answer["error"] != UNEXPECTED


@pytest.mark.parametrize("query", [{}, {"name": "made"}, {"name": "x", "seed": 1}, {"name": "made", "seed": -1}])
def test_forged_questions_about_pairs_get_a_sentence(query):
    answer = frame.live(pair.pair)(query)
    assert set(answer) == {"error"} and answer["error"] != UNEXPECTED


def test_a_client_who_sends_one_eye_is_told_so(gallery):
    body = {"data": [uri(jpeg((64, 48))), None, "motorcycle", 0]}
    status, answer = post(f"{gallery.url}/gradio_api/run/depth_stereo", body)
    assert not judge(status, answer, "one eye") and "both pictures" in answer["error"]


@pytest.mark.parametrize("seed", range(3))
def test_the_tab_sees_what_the_evaluation_sees(seed):
    """A held-out made scene, as a picture of 8 bits through the tab's reader and as the evaluation has it."""
    network, scene = photograph.predictor(photograph.STEREO), scenes.pair(evaluate.TEST_SCENES + seed, 128, 256)
    evaluated = network.predict(scene.left).maps[0][:1]  # as in evaluate.made_row
    seen = photograph.predicted(pictures.upright(pictures.image(scene.left)), network).maps[0][:1]
    torch.testing.assert_close(seen, evaluated, atol=2e-3, rtol=0.02)
    found = [metrics.d1(256 * maps, scene.disparity_left) for maps in (seen, evaluated)]
    assert found[0] == pytest.approx(found[1], abs=0.5)


def test_the_pair_board_says_the_score_of_the_evaluation():
    said = pair.answer("motorcycle", 0)["said"]["truth"]
    score = evaluate.motorcycle_row(pair.predictor())["value"]
    assert f"agrees with the truth to {score:.2f} (" in said
