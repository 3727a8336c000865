"""The weights card: what was trained, on what, how it scores beside the paper, its licence, how to retrain it."""

from html import escape

import gradio as gr

from dlcv.core import weights
from dlcv.core.weights.passports import LICENCES

from .sections import section

FACTS = [("Trained on", "source"), ("Licence", "licence"), ("Train again", "recipe")]
SCORES = "Scores and how to train again"
MANY = 4  # commands, from which on they are folded away


def figure(value: float) -> str:
    """A score with the digits it deserves: 80.9, 0.62, 5,000, and 24 for a count."""
    if isinstance(value, int) or abs(value) >= 1000:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return text.replace("-", "−")


def verdict(row: dict) -> str:
    """How our score compares with the paper's, in words: '5.86 nats better', '0.05 points worse', 'as good'; 'on ...'
    where the paper's is of other data, which is no comparison."""
    if row["paper"] is None:
        return ""
    if other := row.get("paper_data"):
        return f"on {other}"
    gain = row["paper"] - row["value"] if row["better"] == "lower" else row["value"] - row["paper"]
    if abs(gain) < 0.005:
        return "as good"
    unit = "points" if row["unit"] == "%" else row["unit"]
    return " ".join(filter(None, [figure(abs(gain)), unit, "better" if gain > 0 else "worse"]))


def _rows(names: list[str]) -> list[dict]:
    """The scores of the checkpoints that are there."""
    return [row for name in names for row in weights.metrics(name).get("rows", [])]


def _paper(row: dict, source: bool) -> str:
    """The paper's number, where from, and how ours compares; nothing where no paper has one."""
    if not verdict(row):
        return ""
    kind = "paper" if row.get("paper_data") else "worse" if verdict(row).endswith("worse") else "better"
    where = f" <small>{escape(row['paper_source'])}</small>" if source else ""
    paper = f"{'' if source else 'paper '}{row['paper']:g} {escape(row['unit'])}"
    return f"<span class=paper>{paper}{where}</span><span class={kind}>{escape(verdict(row))}</span>"


def _beside(row: dict) -> str:
    """What something simple reaches on the same data."""
    texts = (f"{name.lower()} {figure(value)}" for name, value in row.get("beside", {}).items())
    return "".join(f"<span class=paper>{escape(text)}</span>" for text in texts)


def _column(row: dict, by: str) -> str:
    """The column of a score: the test set, or what was measured and its unit."""
    if by == "data":
        return row["data"]
    return ", ".join(filter(None, [row["label"], row["unit"]]))


def _grid(grid: dict[str, list[str]], by: str) -> str:
    """A line per label, a column per test set or metric; each cell has our score, the papers', and by how much."""
    scores: dict[str, dict[str, list[dict]]] = {label: {} for label in grid}
    for label, names in grid.items():
        for row in _rows(names):
            if by == "metric" and row.get("detail"):
                continue
            scores[label].setdefault(_column(row, by), []).append(row)
    columns = list(dict.fromkeys(column for found in scores.values() for column in found))
    lines = {}
    for label, found in scores.items():
        cells = []
        for column in columns:
            rows = found.get(column, [])
            with_unit = f" {escape(rows[0]['unit'])}" if rows and by == "data" else ""
            value = f"<b>{figure(rows[0]['value'])}{with_unit}</b>" if rows else ""
            papers = "".join(_paper(row, source=by == "metric") for row in rows if row["data"] == rows[0]["data"])
            simple = _beside(rows[0]) if rows else ""
            cells.append(f"{value}{simple}{papers}")
        tests = dict.fromkeys(rows[0]["data"] for rows in found.values()) if by == "metric" else ()
        lines[label + "\n".join(("", *tests))] = cells
    return _table(by, ["Model", *columns], lines)


def _side_by_side(grid: dict[str, list[str]]) -> str:
    """A line per score; a column per label, and before them one for each of the simple things beside their scores."""
    found = {
        label: {(_column(row, "metric"), row["data"]): row for row in _rows(names) if not row.get("detail")}
        for label, names in grid.items()
    }
    scores = dict.fromkeys(score for rows in found.values() for score in rows)
    simple = {score: {} for score in scores}
    for score, row in (one for rows in found.values() for one in rows.items()):
        simple[score] |= row.get("beside", {})
    priors = list(dict.fromkeys(name for values in simple.values() for name in values))
    lines = {}
    for score in scores:
        rows = [of.get(score) for of in found.values()]
        values = [figure(simple[score][name]) if name in simple[score] else "" for name in priors]
        values += [f"<b>{figure(row['value'])}</b>{_paper(row, source=True)}" if row else "" for row in rows]
        lines["\n".join(score)] = values
    return _table("score", ["Score", *priors, *grid], lines)


def _table(by: str, head: list[str], lines: dict[str, list[str]]) -> str:
    """A table of cells in HTML; the first row of a line's name is large, the others are small."""
    if not head[1:]:
        return "<p>These weights are not scored yet.</p>"
    body = []
    for name, cells in lines.items():
        label, *below = map(escape, name.split("\n"))
        small = "".join(f"<small>{text}</small>" for text in below)
        columns = "".join(f"<td data-column='{escape(column)}'>{cell}</td>" for column, cell in zip(head[1:], cells))
        body.append(f"<tr><th scope=row>{label}{small}</th>{columns}</tr>")
    titles = "".join(f"<th scope=col>{escape(column)}</th>" for column in head)
    table = f"<table class=by-{by}><thead><tr>{titles}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    return f"<div class=scroll>{table}</div>"


def _fact(names: list[str], field: str) -> str:
    """What the passports say under a field, each once; of a recipe its command."""
    found = [getattr(weights.passport(name), field) for name in names]
    texts = list(dict.fromkeys(value["command"] if isinstance(value, dict) else value for value in found if value))
    if field == "licence":
        texts = [LICENCES.get(text, text) for text in texts]
    if field != "recipe":
        return "<br>".join(map(escape, texts))
    commands = "".join(f"<code>{escape(text)}</code>" for text in texts)
    return f"<details><summary>{len(texts)} commands</summary>{commands}</details>" if len(texts) > MANY else commands


def weights_card(
    grid: dict[str, list[str]], by: str = "metric", title: str = "", note: str = "", name: str = "Scores"
) -> None:
    """Show what checkpoints scored beside the paper, what they were trained on, licence, how to retrain, in a section
    of that name, which is folded. `title` is the end of its heading.

    A line of the table per label of `grid` ({label: checkpoint names}), a column per "metric", or `by` test set:
    "data". Where many are compared, a line `by` "score" and a column per label.
    """
    known = weights.names()
    grid = {label: [name for name in row if name in known] for label, row in grid.items()}
    there = [name for row in grid.values() for name in row]
    facts = [(term, _fact(there, field)) for term, field in FACTS]
    if by == "data":  # all scores of one paper, named once
        sources = dict.fromkeys(row["paper_source"] for row in _rows(there) if row["paper_source"])
        facts.insert(0, ("Paper", "<br>".join(map(escape, sources))))
    terms = "".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in facts if text)
    intro = f"<p>{escape(note)}</p>" if note else ""
    table = _side_by_side(grid) if by == "score" else _grid(grid, by)
    section(": ".join(filter(None, [SCORES, title])), name=name, folded=True)
    gr.HTML(
        f"<div class='weights-card'>{intro}{table}<dl>{terms}</dl></div>",
        js_on_load=None,
        apply_default_css=False,
        elem_classes=["board-block"],
    )
