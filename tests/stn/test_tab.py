"""The Spatial Transformer tab: what a visitor does there, and what a forged request gets."""

import base64
import io
import re

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from demos import frame
from demos.frame.checks import UNEXPECTED
from demos.stn import boards, count
from tests.support.browser import SEVEN, draw_strokes, open_tab, screenshot, settle

BOARD, LOOK, SPIN, COUNT = "#stn-board", "#stn-look-board", "#stn-spin-board", "#stn-count-board"


EXAMPLE = f"{BOARD} .stn-examples button:first-of-type"


@pytest.fixture
def board(tab):
    """The tab with the first example on it: a 7 turned by 40 degrees, read by the network that has seen everything."""
    tab.locator(f"{BOARD} [data-key=all]").click()
    tab.locator(EXAMPLE).click()
    settle(tab)
    return tab


def readings(page) -> list[str]:
    """The class with the transformer, and the plain CNN's."""
    return page.locator(f"{BOARD} .stn-read b").all_inner_texts()


def turn(page, degrees: int) -> None:
    page.locator("#stn-rotation").fill(str(degrees))
    settle(page)


def draw_seven(page) -> None:
    page.locator(f"{BOARD} .pad-clear").click()
    expect(page.locator(BOARD)).to_have_class(re.compile("stn-empty"))
    page.locator(f"{BOARD} .stn-reset").click()
    draw_strokes(page, f"{BOARD} .pad canvas", SEVEN)
    settle(page)


def test_it_opens_with_an_example_already_read(tab):
    assert tab.locator("output[for=stn-rotation]").inner_text() == "40°"
    assert readings(tab)[0] == "7"
    assert len(tab.locator(f"{BOARD} .stn-in .stn-lines").get_attribute("d")) > 1000
    screenshot(tab, "stn")


def test_a_drawn_seven_is_read_upright_and_turned(board):
    draw_seven(board)
    assert readings(board)[0] == "7"
    turn(board, 60)
    transformed, plain = readings(board)
    assert transformed == "7"
    assert re.fullmatch(r"\d", plain)
    shares = board.locator(f"{BOARD} .stn-best span").all_inner_texts()
    assert len(shares) == 2 and all(re.fullmatch(r"\d+\.\d %", share) for share in shares)
    screenshot(board, "stn-drawn", BOARD)


@pytest.mark.parametrize("transformer", boards.TRANSFORMERS)
def test_every_transformer_answers(board, transformer):
    board.locator(f"{BOARD} [data-key={transformer}]").click()
    settle(board)
    assert readings(board)[0] == "7"
    cells = board.locator(f"{BOARD} .stn-matrix td").count()
    assert cells == {"affine": 6, "projective": 9, "tps": 16}[transformer]
    assert board.locator(f"{BOARD} .stn-control circle").count() == (16 if transformer == "tps" else 0)
    assert board.locator(f"{BOARD} .stn-arrow").count() == (16 if transformer == "tps" else 0)
    assert board.locator(f"{BOARD} .stn-meaning").inner_text()


@pytest.mark.parametrize("data", boards.DATA)
def test_every_training_set_answers_and_marks_what_it_never_saw(board, data):
    board.locator(f"{BOARD} [data-key={data}]").click()
    settle(board)
    size = "42" if data in ("all", "rts") else "28"
    assert board.locator(f"{BOARD} .stn-in figcaption").inner_text().startswith(size)
    assert (board.locator("#stn-rotation-note").inner_text() != "") == (data in ("p", "e"))


def test_the_keyboard_moves_a_slider_and_the_answer_follows(board):
    before = board.locator(f"{BOARD} .stn-matrix").inner_text()
    board.locator("#stn-rotation").focus()
    for _ in range(15):
        board.keyboard.press("ArrowRight")
    settle(board)
    assert board.locator("output[for=stn-rotation]").inner_text() == "55°"
    assert board.locator(f"{BOARD} .stn-matrix").inner_text() != before


def test_a_pixel_of_the_output_shows_what_it_reads(board):
    picture = board.locator(f"{LOOK} .look-output")
    picture.scroll_into_view_if_needed()
    side = picture.bounding_box()["width"]
    picture.click(position={"x": 14.5 / 28 * side, "y": 12.5 / 28 * side})
    place = board.locator(f"{LOOK} .look-at")
    expect(place).to_contain_text("Column 14, row 12")
    assert board.locator(f"{LOOK} .look-weights").inner_text() == "1.000"
    rows = board.locator(f"{LOOK} .look-table tbody tr").all()
    products = [float(row.locator("td").last.inner_text()) for row in rows]
    value = float(board.locator(f"{LOOK} .look-value").inner_text())
    assert len(rows) == 4 and sum(products) == pytest.approx(value, abs=0.003)
    picture.focus()
    board.keyboard.press("ArrowRight")
    board.keyboard.press("ArrowDown")
    expect(place).to_contain_text("Column 15, row 13")
    assert re.search(r"= −?\d\.\d{3}$", board.locator(f"{LOOK} .look-dx").inner_text())


def test_the_spin_draws_both_curves(page):
    open_tab(page, "stn")
    page.locator(f"{SPIN} .spin-plot").scroll_into_view_if_needed()
    expect(page.locator(f"{SPIN} .spin-said")).to_contain_text("Plain CNN: ", timeout=60_000)
    for curve in ("first", "second"):
        assert page.locator(f"{SPIN} path.spin-{curve}").get_attribute("d").count("L") == 72
    assert page.locator("output[for=stn-rotation]").inner_text() == "40°"


def test_the_count_follows_the_sliders_and_what_it_finds_goes_on_the_paper(board):
    board.get_by_role("button", name="A 4 that only").click()
    settle(board)
    assert readings(board) == ["4", "9"]
    said = board.locator(f"{COUNT} .count-said")
    said.scroll_into_view_if_needed()
    expect(said).to_contain_text("Of 1,000 digits", timeout=90_000)
    of_the_example = said.inner_text()
    board.locator(f"{COUNT} .count-ways button", has_text="Half the size").click()
    expect(said).not_to_have_text(of_the_example, timeout=30_000)
    expect(said).to_contain_text("Of 1,000 digits", timeout=90_000)
    with_it, without = map(int, said.locator("b").all_inner_texts())
    assert without - with_it > 40  # of 1,000, far beyond what was trained on
    found = board.locator(f"{COUNT} .count-found button").first
    right, wrong = re.findall(r"\d", found.inner_text())
    screenshot(board, "stn-count", COUNT)
    found.click()
    for cell, class_ in zip(board.locator(f"{BOARD} .stn-read b").all(), (right, wrong)):
        expect(cell).to_have_text(class_)
    assert board.locator("output[for=stn-scale]").inner_text() == "0.50 ×"
    board.locator("#stn-scale").fill("1")
    said.scroll_into_view_if_needed()
    expect(said).not_to_contain_text(str(without), timeout=30_000)


def test_an_empty_paper_is_answered_with_a_sentence_and_the_next_digit_is_read(board):
    board.locator(f"{BOARD} .pad-clear").click()
    expect(board.locator(f"{BOARD} .board-message")).to_contain_text("Draw a digit")
    draw_seven(board)
    assert readings(board)[0] == "7"
    assert board.locator(f"{BOARD} .board-message").inner_text() == ""


# Without a browser


def query(**changes) -> dict:
    """A good question to `rectify`, with some fields changed."""
    paper = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(paper).line([(x * 280, y * 280) for x, y in SEVEN[0]], fill=0, width=18)
    file = io.BytesIO()
    paper.save(file, "PNG")
    picture = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    numbers = {slider["name"]: slider["value"] for slider in frame.sliders(boards.Distorted)}
    return {"picture": picture, **numbers, "seed": 0, "transformer": "affine", "data": "all", **changes}


def test_a_good_question_gets_an_answer():
    answer = frame.live(boards.rectify)(query(rotation=60))
    assert answer["size"] == 42 and len(answer["theta"]) == 2
    assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-3)
    pixel = frame.live(boards.pixel)(query(rotation=60, row=14, column=13.0))
    grid = frame.decoded(answer["grid"], "<i4", "no grid", count=28 * 28 * 2).reshape(28, 28, 2)
    assert grid[14, 13] == pytest.approx([100 * pixel["x"], 100 * pixel["y"]], abs=1)
    assert sum(weight for *_, weight, _ in pixel["neighbours"]) == pytest.approx(1, abs=1e-3)


def test_the_fully_connected_networks_are_one_pair_and_gain_most_from_the_transformer():
    ask = frame.live(boards.rectify)
    for angle in (-60, 0, 45):
        answer = ask(query(rotation=angle, data="r", classifier="fcn"))
        assert answer["probabilities"][7] > 0.9 and answer["plain"][7] > 0.9
    for changes in ({"data": "all"}, {"data": "r", "transformer": "tps"}):
        assert "Fully connected" in ask(query(classifier="fcn", **changes))["error"]
    with_it, without = (boards.error(name) for name in ("stn-fcn-affine-r", "stn-fcn-r"))
    assert (
        without - with_it > 0.4
        and f"{with_it} % wrong with" in boards.gain()
        and f"{without} % without" in boards.gain()
    )


FORGED = [
    {"rotation": float("nan")},
    {"scale": float("inf")},
    {"warp": "4"},
    {"tilt_x": None},
    {"shift_x": 15},
    {"seed": -1},
    {"seed": [0] * 10**6},
    {"transformer": "../affine"},
    {"data": {"all": 1}},
    {"picture": None},
    {"picture": ["/etc/passwd"]},
    {"picture": "/etc/passwd"},
    {"picture": "data:image/png;base64,AAAA"},
    {"row": 28},
    {"column": "0"},
    {"part": 4},
]


@pytest.mark.parametrize("changes", FORGED, ids=lambda changes: "-".join(map(str, *changes.items()))[:30])
def test_forged_questions_get_a_sentence(changes):
    ask = boards.pixel if {"row", "column"} & set(changes) else boards.rectify
    ask = count.over_part if "part" in changes else ask
    answer = frame.live(ask)(query(**{"row": 0, "column": 0, **changes}))
    assert set(answer) == {"error"} and answer["error"].endswith(".")
    assert answer["error"] != UNEXPECTED


@pytest.mark.parametrize("theta, rotation", [([[0, -1, 0], [1, 0, 0]], 90), ([[1, 0, 0.5], [0, 0.5, -1]], 0)])
def test_an_affine_theta_in_words(theta, rotation):
    found = boards.meaning(theta, 29)
    assert found["rotation"] == pytest.approx(rotation)
    if rotation == 0:
        assert (found["width"], found["height"], found["shift_x"], found["shift_y"]) == (1, 0.5, 7, -14)
