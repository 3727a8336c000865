"""The CycleGAN tab: a photograph is painted and keeps its content, a large one has no seams, a digit changes domain."""

import io
import re

import numpy as np
import PIL.Image
import pytest
import torch
from playwright.sync_api import expect

from demos.cyclegan import MONETS, boards
from dlcv.cyclegan import evaluate, large
from tests.support.browser import SEVEN, draw_strokes, screenshot, settle

PAINTED, TEXT, BOARD = "#cyclegan-painted", "#cyclegan-text", "#cyclegan-digits-board"
SENTENCE = re.compile(r"([\d,]+) × ([\d,]+) pixels.* (\d+) % before and (\d+) % after", re.DOTALL)
REMOVE = "#cyclegan-picture button[aria-label='Remove Image']"
PATIENCE = 120_000
SECOND = list(boards.DIRECTIONS)[1]


@pytest.fixture
def painted(tab):
    """The tab with its first example painted, looked into and compared."""
    expect(tab.locator(TEXT)).to_contain_text("after", timeout=PATIENCE)
    expect(tab.locator("#cyclegan-cycles img")).to_have_count(6, timeout=PATIENCE)
    return tab


def pictures(page) -> tuple[PIL.Image.Image, PIL.Image.Image]:
    """The two pictures under the slider, as they came from the server: before and after."""
    sources = page.locator(f"{PAINTED} img").evaluate_all("images => images.map((image) => image.src)")
    before, after = (PIL.Image.open(io.BytesIO(page.request.get(source).body())).convert("RGB") for source in sources)
    return before, after


def tensor(picture: PIL.Image.Image) -> torch.Tensor:
    """(1, 3, H, W) in [0, 1]."""
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255


def percent(caption: str) -> float:
    """The number before a caption's %."""
    return float(re.search(r"([\d.]+) %", caption)[1])


def scores(page) -> tuple[int, int]:
    """The classifier's probability of a Monet, before and after, percent."""
    return tuple(int(share) for share in SENTENCE.search(page.locator(TEXT).inner_text()).groups()[2:])


def upload(page, picture: PIL.Image.Image, name: str = "picture.png") -> None:
    """Takes the example away and gives a file in its place, as a visitor does."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    if page.locator(REMOVE).count():
        page.locator(REMOVE).click()
    file = {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}
    page.locator("#cyclegan-picture input[type=file]").first.set_input_files(file)
    page.wait_for_selector("#cyclegan-picture img")


def test_the_example_is_painted_and_keeps_its_content(painted):
    before, after = (tensor(picture) for picture in pictures(painted))
    doubted, believed = scores(painted)
    assert doubted < 50 < believed
    assert evaluate.gradient_correlation(before, after) > 0.5
    # More than a shift of colours: no linear map of a pixel's colour explains the painting.
    colours, after_colours = (x[0].flatten(1).T for x in (before, after))
    design = torch.cat([colours, torch.ones(len(colours), 1)], dim=1)
    left = after_colours - design @ torch.linalg.lstsq(design, after_colours).solution
    assert left.abs().mean() > 0.02
    screenshot(painted, "cyclegan")


def test_the_look_inside_has_the_whole_cycle(painted):
    captions = painted.locator("#cyclegan-inside figcaption").all_inner_texts()
    assert len(captions) == 6 and captions[0].startswith("G(x)") and captions[1].startswith("F(G(x))")
    error = float(re.search(r"([\d.]+) %", captions[2])[1])
    assert 0 < error < 15
    undecided = [float(re.search(r"([\d.]+) on average", caption)[1]) for caption in captions[4:]]
    assert all(abs(score - 0.5) < 0.15 for score in undecided)  # as the section says


def test_what_each_loss_is_for_is_on_the_screen(painted):
    """The claims of both sections, by their own numbers, for the photograph on the screen and for a painting."""
    on_screen = [painted.locator(f"#cyclegan-{of} figcaption").all_inner_texts() for of in ("cycles", "identities")]
    painting = [[text for _, text in shown] for shown in boards.compare(PIL.Image.open(MONETS[0]), SECOND)]
    for (cycles, identities), there, back in ((on_screen, "G", "F"), (painting, "F", "G")):
        assert [cycles[0], cycles[3]] == [f"{title}: {there}(x)" for title in (boards.WHOLE, boards.NO_CYCLE)]
        assert [identities[0], identities[3]] == [f"{title}: x" for title in (boards.WHOLE, boards.NO_IDENTITY)]
        assert identities[1] == f"{back}(x)"
        kept, lost = (percent(cycles[place]) for place in (2, 5))
        assert lost > 1.5 * kept
        left_alone, changed = (percent(identities[place]) for place in (2, 5))
        assert changed > 1.2 * left_alone


def test_a_drawn_seven_is_read_in_both_domains(tab):
    tab.locator(f"{BOARD} .pad-clear").click()
    draw_strokes(tab, f"{BOARD} .pad canvas", SEVEN)
    for domain in ("usps", "mnist-m"):
        section = tab.locator(f"{BOARD} [data-name={domain}]")
        expect(section.locator("td").first).to_contain_text("7", timeout=PATIENCE)
        assert "7" in section.locator("tr").first.locator("td").first.inner_text()
    screenshot(tab, "cyclegan-digits", BOARD)


def test_a_choice_acts_at_once(tab):
    tab.locator(REMOVE).click()
    tab.get_by_label("A painting like a photograph").check()
    upload(tab, PIL.Image.new("RGB", (320, 200), (90, 120, 160)))
    expect(tab.locator(TEXT)).to_contain_text("320 × 200 pixels", timeout=PATIENCE)
    expect(tab.locator("#cyclegan-inside figcaption").first).to_contain_text("F(x)", timeout=PATIENCE)
    settle(tab)


def test_a_picture_of_several_strips_is_painted_under_a_progress_bar_without_seams(tab):
    wide, high = 800, 680
    rows = large.STRIP // wide // 2 * 2
    x, y = np.meshgrid(np.linspace(0, 1, wide), np.linspace(0, 1, high))
    waves = np.random.default_rng(0).normal(0, 6, (high // 10, wide // 10, 3)).repeat(10, 0).repeat(10, 1)
    smooth = np.stack([120 + 80 * y, 140 + 60 * x, 200 - 90 * y], axis=2) + waves
    upload(tab, PIL.Image.fromarray(smooth.clip(0, 255).astype(np.uint8)))
    tab.get_by_label("A photograph like Monet").check()
    tab.locator("#cyclegan-side input[type=number]").fill("832")
    tab.locator("#cyclegan-side input[type=number]").press("Tab")
    tab.wait_for_selector(f"{PAINTED} .progress-bar", timeout=PATIENCE)
    expect(tab.locator(TEXT)).to_contain_text("800 × 680 pixels", timeout=PATIENCE)
    _, after = pictures(tab)
    assert after.size == (wide, high)
    steps = np.abs(np.diff(np.asarray(after, float).mean(2), axis=0)).mean(1)  # from each row to the next
    borders = steps[rows - 1 :: rows]
    assert len(borders) == 2 and borders.mean() < 1.1 * steps.mean() and borders.max() <= steps.max()
    settle(tab)
