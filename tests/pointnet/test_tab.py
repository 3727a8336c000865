"""The PointNet tab: what a visitor does there with shapes, files and sliders, and what bad files get."""

import io
import re
import urllib.request

import numpy as np
import pytest
import torch
import trimesh
from playwright.sync_api import expect

from demos import frame
from demos.frame.checks import UNEXPECTED
from demos.pointnet import boards
from dlcv.core.geometry import clouds
from dlcv.pointnet import disturb, formats, shapes
from dlcv.pointnet.kinds import PARTS
from tests.pointnet import files
from tests.support.asking import judge, post
from tests.support.browser import screenshot, settle
from tests.support.serving import Client

BOARD, PICK, SHUFFLE, INSIDE = (
    "#pointnet-board",
    "#pointnet-pick-board",
    "#pointnet-shuffle-board",
    "#pointnet-inside-board",
)
STRANGE = "Unlike anything in the training set"
CHAIR = shapes.mesh("chair", torch.Generator().manual_seed(11))  # none of those that the tab shows


@pytest.fixture
def board(tab):
    """The tab with the chair on it, as it is, coloured by height, before the network with the maximum."""
    for key in ("height", "max"):
        tab.locator(f"{BOARD} [data-key={key}]").click()
    tab.locator(f"{PICK} [data-name=chair]").click()
    settle(tab)
    return tab


def verdict(page) -> str:
    return page.locator(f"{BOARD} .pn-verdict").inner_text()


def shown(page, selector: str = f"{BOARD} .pn-stage canvas") -> str:
    """What a canvas shows."""
    settle(page)
    return page.evaluate("(selector) => document.querySelector(selector).toDataURL()", selector)


def upload(page, name: str, data: bytes) -> None:
    page.set_input_files("#pointnet-file input[type=file]", {"name": name, "mimeType": "", "buffer": data})


def written(kind: str) -> bytes:
    """The chair as a file: a mesh, or 3,000 points on it."""
    mesh = trimesh.Trimesh(CHAIR.vertices.numpy(), CHAIR.faces.numpy(), process=False)
    if kind == "glb":  # y up
        mesh.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, [1, 0, 0]))
    if kind == "xyz":
        points, _ = clouds.sample_surface(CHAIR.vertices, CHAIR.faces, 3000, torch.Generator().manual_seed(0))
        buffer = io.BytesIO()
        np.savetxt(buffer, points.numpy())
        return buffer.getvalue()
    data = mesh.export(file_type=kind)
    return data.encode() if isinstance(data, str) else data


def test_it_opens_with_a_chair_that_is_one(tab):
    assert verdict(tab).startswith("chair, ")
    offered = [one.get_attribute("data-name") for one in tab.locator(f"{PICK} button[data-name]").all()]
    assert offered == [*boards.KNOWN, *boards.STRANGERS] and len(boards.KNOWN) == 10
    screenshot(tab, "pointnet")


@pytest.mark.parametrize("kind", ["off", "ply", "xyz", "glb"])
def test_a_made_chair_is_a_chair_as_a_file_of_any_kind(board, kind):
    board.locator(f"{PICK} [data-name=table]").click()
    expect(board.locator(f"{BOARD} .pn-verdict")).to_contain_text("table")
    upload(board, f"mine.{kind}", written(kind))
    expect(board.locator(f"{BOARD} .pn-said")).to_contain_text(f"mine.{kind}: ", timeout=60_000)
    settle(board)
    assert verdict(board).startswith("chair, ")
    assert board.locator(f"{BOARD} .pn-up [aria-pressed=true]").inner_text() == ("y" if kind == "glb" else "z")


@pytest.mark.parametrize("name", boards.PACKAGED)
def test_what_is_in_no_class_is_said_to_be_strange(board, name):
    board.locator(f"{PICK} [data-name={name}]").click()
    expect(board.locator(f"{BOARD} .pn-verdict")).to_have_text(STRANGE)
    assert float(re.search(r"score (\S+):", board.locator(f"{BOARD} .pn-sub").inner_text())[1]) > 1


def test_shuffling_changes_the_mlp_and_not_pointnet(board):
    says, largest = (board.locator(f"{SHUFFLE} .ps-{name}") for name in ("says", "largest"))
    board.locator(f"{SHUFFLE} .ps-back").click()
    settle(board)
    before, listed = says.all_inner_texts(), shown(board, f"{SHUFFLE} canvas")
    board.locator(f"{SHUFFLE} .ps-shuffle").click()
    settle(board)
    expect(largest).to_have_count(2)
    after = says.all_inner_texts()
    assert before[0].startswith("chair")
    assert after[0] == before[0] and after[1] != before[1]
    assert shown(board, f"{SHUFFLE} canvas") != listed
    pointnet_moves, mlp_moves = (number(text) for text in largest.all_inner_texts())
    assert pointnet_moves < 1e-5
    assert mlp_moves > 0.1
    screenshot(board, "pointnet-shuffled", SHUFFLE)


def number(text: str) -> float:
    """2.4 × 10−7 as a number."""
    return float(text.replace(" × 10", "e").replace("−", "-").replace("\n", ""))


@pytest.mark.parametrize("slider", frame.sliders(boards.Disturbance), ids=lambda slider: slider["name"])
def test_a_slider_changes_the_cloud_and_the_answer_is_the_functions(board, slider):
    name, low, high, step = (slider[key] for key in ("name", "low", "high", "step"))
    before, value = shown(board), low + round(0.6 * (high - low) / step) * step
    board.locator(f"#pointnet-{name}").fill(f"{value:.3f}")
    settle(board)
    assert shown(board) != before
    cloud = boards.shape(boards.Shape(name="chair", seed=boards.SHAPES["chair"]))
    answer = boards.look(boards.Cloud(cloud=cloud["cloud"], up=cloud["up"], **{name: round(value, 3)}))
    text = board.locator(f"{BOARD} .pn-sub").inner_text()
    assert float(re.search(r"score (\S+):", text)[1]) == pytest.approx(answer["strangeness"], abs=0.02)
    shares = [text.removesuffix(" %") for text in board.locator(f"{BOARD} .pn-bars td span").all_inner_texts()]
    assert [float(share) for share in shares] == pytest.approx([100 * p for p in answer["probabilities"]], abs=0.5)


def test_half_a_chair_has_half_the_points_and_reset_brings_them_back(board):
    board.locator(f"{BOARD} .pn-side").select_option("top")
    expect(board.locator(f"{BOARD} .pn-legend")).to_contain_text("512 points")
    board.locator(f"{BOARD} .pn-reset").click()
    expect(board.locator(f"{BOARD} .pn-legend")).to_contain_text("1,024 points")


def test_every_colouring_says_what_it_shows(board):
    legend, seen = board.locator(f"{BOARD} .pn-legend"), {shown(board)}
    words_of = {"part": "seat", "critical": r"\d+ of 1024 points .* they decide", "wins": "of 1,024 features"}
    for key, words in words_of.items():
        board.locator(f"{BOARD} [data-key={key}]").click()
        expect(legend).to_contain_text(re.compile(words))
        settle(board)
        seen.add(shown(board))
        screenshot(board, f"pointnet-{key}", BOARD)
    assert len(seen) == 4
    assert board.locator(f"{BOARD} [data-key=file]").is_hidden()
    board.locator(f"{PICK} [data-name=duck]").click()
    expect(board.locator(f"{BOARD} [data-key=file]")).to_be_visible()


def test_the_parts_of_a_table_may_be_read_as_those_of_a_chair(board):
    board.locator(f"{PICK} [data-name=table]").click()
    board.locator(f"{BOARD} [data-key=part]").click()
    legend = board.locator(f"{BOARD} .pn-legend")
    expect(legend).to_contain_text("shelf")
    legend.locator("select").select_option("chair")
    expect(legend).to_contain_text("seat")


def test_the_inside_follows_the_sliders(board):
    captions = board.locator(f"{INSIDE} figcaption")
    expect(captions.nth(0)).to_contain_text("of 1024 points")
    expect(captions.nth(1)).to_contain_text("points of a grid", timeout=30_000)
    pictures = [shown(board, f"{INSIDE} .pi-{name}") for name in ("critical", "upper", "aligned")]
    features = board.locator(f"{INSIDE} img").get_attribute("src")
    board.locator("#pointnet-count").fill("300")
    expect(captions.nth(0)).to_contain_text("of 300 points")
    for name, old in zip(("critical", "upper", "aligned"), pictures):  # the second waits for rest
        board.wait_for_function(
            "([selector, old]) => document.querySelector(selector).toDataURL() != old",
            arg=[f"{INSIDE} .pi-{name}", old],
        )
    assert board.locator(f"{INSIDE} img").get_attribute("src") != features


def test_dragging_and_keys_turn_all_clouds(board):
    stage = board.locator(f"{BOARD} .pn-stage canvas")
    before = [shown(board), shown(board, f"{INSIDE} .pi-critical")]
    box = stage.bounding_box()
    board.mouse.move(box["x"] + 100, box["y"] + 100)
    board.mouse.down()
    board.mouse.move(box["x"] + 220, box["y"] + 130, steps=5)
    board.mouse.up()
    dragged = [shown(board), shown(board, f"{INSIDE} .pi-critical")]
    assert all(a != b for a, b in zip(before, dragged))
    stage.focus()
    board.keyboard.press("ArrowLeft")
    settle(board)
    assert shown(board) != dragged[0]
    board.locator(f"{BOARD} .pn-symmetric [data-key=sum]").click()  # the view stays when the answer changes
    settle(board)
    assert verdict(board).startswith("chair, ")


def test_the_coloured_cloud_can_be_taken_away(board):
    board.locator(f"{BOARD} [data-key=critical]").click()
    with board.expect_download() as download:
        board.locator(f"{BOARD} .pn-save").click()
    with open(download.value.path(), "rb") as file:
        found = formats.parse(file.read(), "ply")
    assert download.value.suggested_filename == "cloud.ply"
    assert found.points.shape == (1024, 3) and np.linalg.norm(found.points, axis=1).max() == pytest.approx(1, abs=1e-3)
    assert len(np.unique(found.colours, axis=0)) == 2  # those that decide, and the others


def test_a_bad_file_gets_a_sentence_and_leaves_its_place_to_the_next(board):
    said, place = board.locator(f"{PICK} .board-message"), board.locator("#pointnet-file input[type=file]")
    bad, (picture, kind) = next(iter(files.BAD.items()))
    flat = b"".join(b"%d,%d,0\n" % (at // 20, at % 20) for at in range(400))  # none of the classes, yet a cloud
    for name, data, words in (
        (bad, picture, kind),
        ("once more.csv", b"1,2\n" * 50, "table"),
        ("flat.csv", flat, "^$"),
    ):
        upload(board, name, data)
        expect(said).to_have_text(re.compile(words))
        expect(place).to_have_count(1)
    expect(board.locator(f"{BOARD} .pn-said")).to_contain_text("flat.csv: 400 points")
    settle(board)
    upload(board, "mine.ply", written("ply"))
    expect(board.locator(f"{BOARD} .pn-said")).to_contain_text("mine.ply: ")
    expect(said).to_have_text("")


def test_a_table_that_can_be_read_in_two_ways_is_asked_about(board):
    points = np.loadtxt(io.BytesIO(written("xyz")))
    rows = "\n".join(f"{at % 7},{z:.5f},{x:.5f},{y:.5f}" for at, (x, y, z) in enumerate(points))
    asked, said = board.locator(f"{PICK} .pick-which"), board.locator(f"{BOARD} .pn-said")
    upload(board, "scan.csv", f"kind,b,c,d\n{rows}\n".encode())
    expect(asked).to_contain_text("Which columns are x, y and z?")
    assert asked.locator("th").all_inner_texts() == ["kind", "b", "c", "d"]
    assert asked.locator("tbody tr").count() == 5
    screenshot(board, "pointnet-columns", PICK)
    for axis, column in zip("xyz", "cdb"):
        asked.get_by_label(f"Column of {axis}").select_option(column)
    asked.get_by_role("button").click()
    expect(said).to_contain_text("scan.csv: 3,000 points, of them 1,024 even points. From the columns c, d, b.")
    expect(asked).to_be_hidden()
    settle(board)
    assert verdict(board).startswith("chair, ")
    upload(board, "scan.csv", f"kind,b,c,d\n{rows}\n".encode())  # the question again, and a shape instead of an answer
    expect(asked).to_be_visible()
    board.locator(f"{PICK} [data-name=table]").click()
    expect(asked).to_be_hidden()


# Without a browser


def sent(gallery, name: str, data: bytes) -> dict:
    """A file as a client uploads it, and names it then."""
    head = f'--f\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    request = urllib.request.Request(
        f"{gallery.url}/gradio_api/upload",
        head.encode() + data + b"\r\n--f--\r\n",
        {"Content-Type": "multipart/form-data; boundary=f"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        path = re.findall(rb'"(.+?)"', answer.read())[0].decode()
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


AT_REST = ["guess", "max", 1024, 0, 0, 0, "left", 0, 0, 0, ""]


def test_a_client_gets_the_class_the_parts_and_the_differences(gallery):
    file, client = sent(gallery, "mine.ply", written("ply")), Client(gallery)
    (found,) = client.run("/pointnet_classify", [file, "table", *AT_REST])
    assert found["class"] == "chair" and len(found["points"]) == 1024
    assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-2)
    assert 0 < len(found["critical"]) < 1024 and found["strangeness"] <= 1
    (found,) = client.run("/pointnet_classify", [None, "duck", *AT_REST])
    assert found["class"] is None and found["strangeness"] > 1 and found["up"] == "y"
    (found,) = client.run("/pointnet_parts", [file, "table", "guess", "chair", ""])
    assert found["names"] == list(PARTS["chair"]) and len(found["labels"]) == 1024
    (found,) = client.run("/pointnet_shuffle", [file, "table", "z", "max", ""])
    assert found["pointnet"] < 1e-5 < found["flat"]


def test_a_client_says_which_columns_it_means(gallery):
    points = np.loadtxt(io.BytesIO(written("xyz")))
    rows = "\n".join(f"{at % 7};{z:.5f};{x:.5f};{y:.5f}" for at, (x, y, z) in enumerate(points))
    file, client = sent(gallery, "scan.csv", f"kind;b;c;d\n{rows}\n".encode()), Client(gallery)
    with pytest.raises(RuntimeError, match="columns=2,3,4; there are 1 kind, 2 b, 3 c, 4 d"):
        client.run("/pointnet_classify", [file, "chair", *AT_REST])
    for columns in ("c,d,b", "3, 4, 2"):
        (found,) = client.run("/pointnet_classify", [file, "table", *AT_REST[:-1], columns])
        assert found["class"] == "chair" and found["up"] == "z"
        (found,) = client.run("/pointnet_parts", [file, "table", "guess", "chair", columns])
        assert len(found["labels"]) == 1024


@pytest.mark.parametrize("name", files.BAD)
def test_a_bad_file_gets_a_sentence_on_the_board(tmp_path, name):
    data, words = files.BAD[name]
    (tmp_path / name).write_bytes(data)
    answer, place, kept = boards.open_file(tmp_path / name)
    assert place is None and kept is None
    assert re.search(words, answer["error"]) and answer["error"] != UNEXPECTED


def test_bad_files_of_a_client_get_a_sentence(gallery):
    faults = []
    for name, (data, words) in files.BAD.items():
        status, answer = post(
            f"{gallery.url}/gradio_api/run/pointnet_classify", {"data": [sent(gallery, name, data), "chair", *AT_REST]}
        )
        faults += judge(status, answer, name)
        if not re.search(words, answer.get("error") or ""):
            faults.append(f"{name}: {str(answer)[:200]}")
    for path in ("/etc/passwd", "http://127.0.0.1:9/x.ply", "app.py"):
        for meta in ({}, {"meta": {"_type": "gradio.FileData"}}):
            body = {"data": [{"path": path, **meta}, "chair", *AT_REST]}
            status, answer = post(f"{gallery.url}/gradio_api/run/pointnet_classify", body)
            faults += judge(status, answer, path) if "error" in answer else [f"{path} was read: {str(answer)[:100]}"]
    assert not faults, "\n".join(faults)


def query(**changes) -> dict:
    """A good question to the boards' functions, with some fields changed."""
    cloud = boards.shape(boards.Shape(name="chair", seed=1))
    at_rest = boards.Disturbance().model_dump()
    return {"cloud": cloud["cloud"], "up": "z", "symmetric": "max", "kind": "chair", "seed": 0} | at_rest | changes


def test_what_can_be_set_is_what_the_library_takes():
    assert boards.Disturbance().model_dump() | {"seed": 0} == vars(disturb.Disturbance())
    assert set(boards.SIDES) == set(disturb.SIDES)


def test_points_survive_the_wire():
    points = torch.rand(50, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    found = boards.cloud_of(boards.Cloud(cloud=boards.packed(points), up="z"))
    torch.testing.assert_close(found, points, atol=1e-4, rtol=0)


FORGED = [
    {"cloud": None},
    {"cloud": ""},
    {"cloud": "é" * 60},
    {"cloud": "AAAA" * 10},
    {"cloud": "A" * 1_000_000},
    {"cloud": boards.coded([1, 2, 3] * 5, "<i2")},
    {"cloud": boards.coded([1, 2, 3] * 500, "<i2")},
    {"cloud": ["/etc/passwd"]},
    {"up": "w"},
    {"symmetric": "mean"},
    {"side": "inside"},
    {"side": ["left"]},
    {"kind": "car"},
    {"count": None},
    {"noise": "1"},
    {"count": 10},
    {"outliers": float("inf")},
    {"cut": 0.9},
    {"turn_x": float("nan")},
    {"turn_y": True},
    {"seed": -1},
    {"seed": 0.5},
]
ASK = [
    boards.look,
    boards.parts,
    boards.upper_bound,
    boards.shuffle,
    boards.differences,
]
READ_BY = {"kind": [boards.parts], "seed": [boards.shuffle]}


@pytest.mark.parametrize("changes", FORGED, ids=lambda changes: "-".join(map(str, *changes.items()))[:30])
def test_forged_questions_get_a_sentence(changes):
    for ask in READ_BY.get(next(iter(changes)), ASK):
        answer = frame.live(ask)(query(**changes))
        assert set(answer) == {"error"} and answer["error"].endswith(".")
        assert answer["error"] != UNEXPECTED
