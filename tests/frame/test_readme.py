"""README: the Space it describes, tables that are fresh, nothing that it names is missing."""

import importlib.util
import re
from pathlib import Path

import pytest

from demos import frame
from dlcv.core import weights
from dlcv.core.weights.scores import Metric
from scripts import readme

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SOURCES = [path for place in ("demos", "dlcv", "scripts") for path in (ROOT / place).rglob("*.py")] + [ROOT / "app.py"]
OURS = {  # set by a Space, or by us
    *("SPACE_ID", "SPACES_ZERO_GPU", "HF_HUB_DISABLE_TELEMETRY", "GRADIO_ANALYTICS_ENABLED"),
    *("GRADIO_ANALYTICS_MAX_EVENTS", "GRADIO_ANALYTICS_CACHE_FREQUENCY"),
}


def test_the_readme_is_the_space_it_describes():
    pins = dict(re.findall(r"^([\w-]+)(?:\[\w+\])?==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    front = dict(re.findall(r"^(\w+): (.+)$", README.split("---")[1], re.MULTILINE))
    assert front["sdk"] == "gradio"
    assert front["sdk_version"] == pins["gradio"]
    assert (ROOT / front["app_file"]).exists()
    assert len(front["short_description"]) <= 60


def test_the_tables_are_fresh():
    assert readme.main(["--check"]) == 0, f"run {readme.COMMAND}"


def test_stale_tables_are_noticed_and_written(tmp_path, monkeypatch, capsys):
    for path, text in readme.written().items():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        old = text.replace("vae/loss.py", "vae/lost.py").replace("`/vae_decode`", "`/gone`")
        copy.write_text(old, encoding="utf-8")
    monkeypatch.setattr(readme, "ROOT", tmp_path)
    assert readme.main(["--check"]) == 1 and "README.md, endpoints.md: stale" in capsys.readouterr().err
    assert readme.main([]) == readme.main(["--check"]) == 0
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == README


def test_what_is_between_marks_is_replaced_and_nothing_else():
    marked = "a\n<!-- tabs: by hand -->\nold\n<!-- end of tabs -->\nb\n"
    assert readme.rewritten(marked, {"tabs": "new"}) == marked.replace("old", "new")
    for broken in (marked * 2, marked.replace("end of tabs", "end")):
        with pytest.raises(ValueError, match="needs the marks"):
            readme.rewritten(broken, {"tabs": "new"})


def test_every_tab_is_listed_with_its_equations_and_a_score_or_two():
    headlines = [topic for topic, _, _ in readme.headlines()]
    for topic_id, topic in frame.topics().items():
        assert f"| {topic.name}, `?tab={topic_id}` | {topic.lecture} |" in README
        assert 1 <= headlines.count(topic.title) <= 2
        assert topic.slides


def test_a_paper_on_other_data_is_in_a_note(monkeypatch):
    row = Metric("error", "Error", "%", "lower").row("ours", 1.0, paper=2.0, paper_source="Euclid", paper_data="theirs")
    monkeypatch.setattr(readme, "headlines", lambda: [("Topic", "name", row)])
    assert "| 1 % | see note 1 |" in readme.scores()
    assert "(1) Error: 2 % on theirs (Euclid)." in readme.scores()


def test_the_readme_is_short():
    """Apart from its tables, which grow with the topics."""
    assert len(re.findall(r"^(?!\|)", README, re.MULTILINE)) <= 120


def test_what_the_readme_links_to_exists():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert "docs/gallery.png" in links
    for link in links:
        assert (ROOT / link).exists(), f"{link}: docs/gallery.png is taken by python -m tests.support.readme_picture"


def test_every_environment_variable_is_explained():
    read = r"environ(?:\.get|\.setdefault)?[\[(]\s*\"(\w+)\"|\"([A-Z_]+)\" in os\.environ"
    found = {a or b for path in SOURCES for a, b in re.findall(read, path.read_text(encoding="utf-8"))}
    assert {"DLCV_DATA", "DLCV_START", "PORT"} <= found
    assert {name for name in found - OURS if f"`{name}`" not in README} == set()


def test_every_command_of_a_card_and_of_the_readme_is_there():
    commands = "\n".join([README, *(weights.passport(name).command for name in weights.names())])
    commands += "\n".join(weights.metrics(name)["command"] for name in weights.names())
    modules = set(re.findall(r"python -m ([a-z_.]+[a-z])", commands)) | set(re.findall(r"`(dlcv\.[a-z_.]+)`", README))
    assert {"dlcv.vae.train", "dlcv.gan.grow", "dlcv.core.weights", "scripts.readme"} <= modules
    for module in modules:
        assert importlib.util.find_spec(module), module
