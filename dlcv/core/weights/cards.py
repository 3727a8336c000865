"""Model cards: what stands beside the weights for whoever finds them on the Hub.

A card is written from the passport, the scores (metrics.json) and what the model's class says of itself: the first
paragraph of its docstring, and the pipeline_tag and tags given to PyTorchModelHubMixin.
"""

import inspect
import re

from . import hub, load, metrics, model_class, passports

REPOSITORY = """\
Small models, trained from scratch for a gallery that makes a lecture on deep learning and computer vision touchable.
Each folder is one checkpoint: `config.json`, `model.safetensors`, its scores and its card.
"""


def card(name: str) -> str:
    """The card of a checkpoint, as Markdown under YAML front matter. Raises WeightsError as `weights.load` does."""
    from huggingface_hub import EvalResult

    entry, scored = passports.passport(name), metrics(name)
    model = load(model_class(name), name)  # a card is only written beside weights that load
    data = model.generate_model_card().data
    data.license = entry.licence
    data.library_name = data.library_name or "dlcv"
    data.tags = sorted({*data.tags, entry.topic})
    rows = scored.get("rows", [])
    ours = {(row["metric"], row["data"]): row for row in rows}  # one score may stand beside several papers
    if ours:
        data.model_name = name
        data.eval_results = [
            EvalResult(
                task_type=data.pipeline_tag or "other",
                dataset_type=re.sub(r"[^a-z0-9]+", "-", row["data"].lower()).strip("-"),
                dataset_name=row["data"],
                metric_type=row["metric"],
                metric_name=f"{row['label']} ({', '.join(filter(None, [row['unit'], row['better']]))} is better)",
                metric_value=row["value"],
            )
            for row in ours.values()
        ]
    module, class_name = entry.model.rsplit(".", 1)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    about = inspect.cleandoc(type(model).__doc__ or "").split("\n\n")[0]
    return f"""\
---
{data.to_yaml().strip()}
---

# {name}

{about}

{parameters:,} parameters; `{entry.file}` has {entry.size:,} bytes, sha256 `{entry.sha256}`.

## Training

{entry.source.rstrip(".")}. Licence of the weights: {passports.LICENCES.get(entry.licence, entry.licence)}.

```sh
{entry.command}
```

## Scores

{_scores(rows, scored.get("command"), "Theirs" if "published" in entry.recipe else "Ours")}

## Use

```python
from dlcv.core import weights
from {module} import {class_name}

model = weights.load({class_name}, "{name}")
```
"""


def _scores(rows: list[dict], command: str | None, whose: str) -> str:
    """The scores beside what something simple reaches and beside the papers', and by how much `whose` is better."""
    if not rows:
        return "These weights have not been scored."
    simple = list(dict.fromkeys(name for row in rows for name in row.get("beside", {})))
    lines = [
        [
            f"{row['label']}{', ' + row['unit'] if row['unit'] else ''}: {row['data']}",
            number(row["value"]),
            *(number(row.get("beside", {}).get(name)) for name in simple),
            number(row["paper"]),
            _difference(row),
            ", on ".join(filter(None, [row["paper_source"], row.get("paper_data")])),
        ]
        for row in rows
    ]
    table = grid(["Score", whose, *simple, "Paper", f"{whose} is", "Source of the paper's"], lines)
    return f"Measured on these weights, on data that they were not trained on, by `{command}`.\n\n{table}"


def _difference(row: dict) -> str:
    """By how much ours is better or worse than the paper's; empty where no paper has a score on the same data."""
    if row["paper"] is None or row.get("paper_data"):
        return ""
    gain = row["paper"] - row["value"] if row["better"] == "lower" else row["value"] - row["paper"]
    return f"{number(abs(gain))} {'better' if gain > 0 else 'worse'}" if gain else "equal"


def number(value: float | None) -> str:
    """Four significant digits at most: 80.93, 0.57, 9,978; an empty cell for None."""
    return "" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def grid(header: list[str], lines: list[list[str]], numbers: int | None = None) -> str:
    """A Markdown table; so many of the last columns are numbers, all but the first where nothing is said."""
    numbers = len(header) - 1 if numbers is None else numbers
    rule = ["---"] * (len(header) - numbers) + ["--:"] * numbers
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *lines])


def index(names: list[str], repo: str) -> str:
    """The card of a whole repository: what is in it, and how to use it."""
    from huggingface_hub import ModelCardData

    entries = {name: passports.passport(name) for name in names}
    licences = sorted({entry.licence for entry in entries.values()})
    one = {"license": licences[0]} if len(licences) == 1 else {"license": "other", "license_name": "see-each-model"}
    data = ModelCardData(**one, library_name="dlcv", tags=sorted({entry.topic for entry in entries.values()}))
    table = [
        [f"[{name}]({name})", entry.topic, passports.LICENCES.get(entry.licence, entry.licence)]
        + [f"{entry.size / 2**20:.1f} MiB"]
        for name, entry in entries.items()
    ]
    title = repo.rsplit("/", 1)[-1]
    header = ["Model", "Topic", "Licence", "Weights"]
    return f"---\n{data.to_yaml().strip()}\n---\n\n# {title}\n\n{REPOSITORY}\n{grid(header, table)}\n"


def write(names: list[str]) -> None:
    """Rewrite checkpoints/<name>/README.md of these checkpoints."""
    for name in names:
        (passports.root() / name / hub.CARD).write_text(card(name), encoding="utf-8")
