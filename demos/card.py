"""The weights card: what was trained, on what, how it scores beside the paper, its licence, how to retrain it."""

from html import escape

import gradio as gr

from dlcv import weights

METRICS = {
    "nll": "negative log-likelihood",
    "negative_elbo": "negative ELBO",
    "reconstruction": "of it reconstruction",
    "kl": "of it divergence",
    "active_units": "latents in use",
    "error": "wrong answers",
}
FACTS = [("Trained on", "source"), ("Licence", "licence"), ("Train again", "recipe")]
MANY = 4  # commands, from which on they are folded away


def figure(value: float) -> str:
    """A score with the digits it deserves: 80.9, 0.62, 5,000, and 24 for a count."""
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def unit(row: dict) -> str:
    """The unit of a row as it stands behind a number."""
    return "%" if row["unit"] in ("%", "percent") else row["unit"]


def verdict(row: dict) -> str:
    """How our score compares with the paper's, in words: '5.86 nats better', '0.05 points worse', 'as good'."""
    if row.get("paper") is None:
        return ""
    gain = row["paper"] - row["value"] if row["better"] == "lower" else row["value"] - row["paper"]
    if abs(gain) < 0.005:
        return "as good"
    return f"{abs(gain):.2f} {'points' if unit(row) == '%' else unit(row)} {'better' if gain > 0 else 'worse'}"


def _rows(names: list[str]) -> list[dict]:
    """The scores of the checkpoints that are there, each with the name of its model."""
    return [row | {"model": name} for name in names for row in weights.metrics(name).get("rows", [])]


def _paper(row: dict, source: bool) -> str:
    """The paper's number, where from, and how ours compares; nothing where no paper has one."""
    if not verdict(row):
        return ""
    kind = "worse" if verdict(row).endswith("worse") else "better"
    where = f" <small>{escape(row.get('paper_source') or '')}</small>" if source else ""
    paper = f"{'' if source else 'paper '}{row['paper']:g} {escape(unit(row))}"
    return f"<span class=paper>{paper}{where}</span><span class={kind}>{escape(verdict(row))}</span>"


def _list(names: list[str]) -> str:
    """One line for each thing measured: model, what and on what, our score, the papers' and by how much."""
    measured: dict[tuple, list[dict]] = {}
    for row in _rows(names):
        measured.setdefault((row["model"], row["metric"], row["data"]), []).append(row)
    lines, before = [], None
    for (model, metric, data), rows in measured.items():
        papers = "".join(f"<div>{_paper(row, source=True)}</div>" for row in rows if verdict(row))
        lines.append(
            f"<tr><th scope=row>{'' if model == before else escape(model)}</th>"
            f"<td>{escape(METRICS.get(metric, metric))}<small>{escape(data)}</small></td>"
            f"<td class=ours>{figure(rows[0]['value'])} {escape(unit(rows[0]))}</td><td>{papers}</td></tr>"
        )
        before = model
    if not lines:
        return "<p>These weights are not scored yet.</p>"
    head = "".join(
        f"<th scope=col>{title}</th>" for title in ("Model", "Measured", "Ours", "Papers, and how ours compares")
    )
    return f"<table class=list><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _grid(grid: dict[str, list[str]]) -> str:
    """A line per label, a column per test set; each cell has our score, the paper's, and by how much."""
    scores = {label: {row["data"]: row for row in _rows(names)} for label, names in grid.items()}
    columns = list(dict.fromkeys(data for found in scores.values() for data in found))
    if not columns:
        return "<p>These weights are not scored yet.</p>"
    lines = []
    for label, found in scores.items():
        rows = [found.get(column) for column in columns]
        cells = [
            f"<td><b>{figure(row['value'])} {escape(unit(row))}</b>{_paper(row, source=False)}</td>"
            if row
            else "<td></td>"
            for row in rows
        ]
        lines.append(f"<tr><th scope=row>{escape(label)}</th>{''.join(cells)}</tr>")
    head = "".join(f"<th scope=col>{escape(column)}</th>" for column in ("Model", *columns))
    return f"<table class=grid><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _fact(names: list[str], field: str) -> str:
    """What the passports say under a field, each once; of a recipe its command."""
    found = [weights.passport(name).get(field) for name in names]
    texts = list(dict.fromkeys(value["command"] if isinstance(value, dict) else value for value in found if value))
    if field != "recipe":
        return "<br>".join(map(escape, texts))
    commands = "".join(f"<code>{escape(text)}</code>" for text in texts)
    return f"<details><summary>{len(texts)} commands</summary>{commands}</details>" if len(texts) > MANY else commands


def weights_card(
    names: list[str], title: str = "The weights", note: str = "", grid: dict[str, list[str]] | None = None
) -> None:
    """Show what the named checkpoints scored beside the paper, what they were trained on, licence, how to retrain.

    With `grid` ({row label: checkpoint names}) the scores stand as a table with one column per test set.
    """
    there = [name for name in names if name in weights.passports()]
    facts = [(term, _fact(there, field)) for term, field in FACTS]
    if grid:
        sources = dict.fromkeys(row["paper_source"] for row in _rows(there) if row.get("paper_source"))
        facts.insert(0, ("Paper", "<br>".join(map(escape, sources))))
        grid = {label: [name for name in row if name in there] for label, row in grid.items()}
    terms = "".join(f"<dt>{term}</dt><dd>{text}</dd>" for term, text in facts if text)
    intro = f"<p>{escape(note)}</p>" if note else ""
    gr.HTML(
        f"<section class='weights-card'><h2>{escape(title)}</h2>{intro}"
        f"{_grid(grid) if grid else _list(there)}<dl>{terms}</dl></section>",
        js_on_load=None,
        apply_default_css=False,
        elem_classes=["board-block"],
    )
