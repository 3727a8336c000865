"""Model cards: what stands beside the weights."""

from huggingface_hub import ModelCard

from dlcv.core import weights
from dlcv.core.weights import __main__ as command_line
from dlcv.core.weights import cards
from tests.support.tiny import ABOUT, score, tiny


def test_card(checkpoints):
    weights.save(tiny(), "tiny", **ABOUT)
    score("tiny")
    command_line.main(["card", "tiny"])
    text = (checkpoints / "tiny" / "README.md").read_text()
    data = ModelCard(text).data
    assert (data.license, data.library_name, data.pipeline_tag) == ("mit", "dlcv", "image-classification")
    assert "tiny" in data.tags
    [result] = data.eval_results
    assert (result.metric_type, result.metric_value, result.dataset_name) == ("error", 0.75, "points, all 8")
    assert "A line through a normalised point." in text
    assert "second paragraph" not in text
    assert "14 parameters" in text
    assert "Trained on points. Licence of the weights: MIT." in text
    assert "| Classification error, %: points, all 8 | 0.75 | 0.5 | 0.25 worse | Euclid, Table 1 |" in text
    assert "from tests.support.tiny import Tiny" in text
    assert "python -m tiny\n" in text


def test_card_without_scores(checkpoints):
    weights.save(tiny(), "tiny", **ABOUT)
    assert "These weights have not been scored." in cards.card("tiny")
