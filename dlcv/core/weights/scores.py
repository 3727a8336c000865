"""Scores: what is measured with its words, stated once, and metrics.json, where evaluations leave what they measured.

Card, model card and README show a score under the label and the unit that its `Metric` has.
"""

import json
from dataclasses import dataclass

from . import hub, passports


@dataclass(frozen=True)
class Metric:
    """What a score measures."""

    name: str  # as in metrics.json, such as "box_ap"
    label: str  # as people read it, such as "Box AP"
    unit: str  # "%", "nats", ...; "" for a number without one
    better: str  # "higher" or "lower"
    detail: bool = False  # for the model's own card only, not for the tab's: a point of a curve, say

    def row(
        self,
        data: str,
        value: float,
        *,
        bar: float | None = None,
        paper: float | None = None,
        paper_source: str | None = None,
        paper_data: str | None = None,
        beside: dict[str, float] | None = None,
        headline: bool = False,
    ) -> dict:
        """A row of metrics.json.

        Args:
            data: what was measured on.
            bar: what the value has to reach.
            paper: what a paper reached, with its `paper_source`; `paper_data` where that was on other data.
            beside: what something simple reaches on the same data, by its name: {"Row alone": 0.74}.
            headline: whether README has it among the few scores that stand for the topic.
        """
        row = {"metric": self.name, "label": self.label, "unit": self.unit, "better": self.better}
        row |= {"data": data, "value": value, "bar": bar, "paper": paper, "paper_source": paper_source}
        rare = {"paper_data": paper_data, "beside": beside, "headline": headline, "detail": self.detail}
        return row | {key: content for key, content in rare.items() if content}


def missed(row: dict) -> bool:
    """Whether the value of a row is on the wrong side of its bar."""
    bar, value = row["bar"], row["value"]
    return bar is not None and (value < bar if row["better"] == "higher" else value > bar)


def record(name: str, command: str, rows: list[dict]) -> None:
    """Write checkpoints/<name>/metrics.json: the rows, the weights that they are of, and the command."""
    entry = passports.passport(name)
    about = {"model": name, "topic": entry.topic, "weights_sha256": entry.sha256, "command": command}
    path = passports.root() / name / hub.METRICS
    path.write_text(json.dumps(about | {"rows": rows}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def report(found: dict[str, list[dict]], command: str) -> list[str]:
    """The scores that miss their bars, "model metric" each; the rows of each model are recorded and printed."""
    for name, rows in found.items():
        record(name, command, rows)
        show(name, rows)
    short = [f"{name} {row['metric']}" for name, rows in found.items() for row in rows if missed(row)]
    return list(dict.fromkeys(short))  # a score that has several papers beside it has several rows


def show(name: str, rows: list[dict]) -> None:
    """Print the rows of a model as lines of a table."""
    for row in rows:
        line = f"{name:32} {row['metric']:24} {row['value']:>9} {row['unit']:8} {row['data']}"
        bar = "" if row["bar"] is None else f"; bar {row['bar']}"
        paper = "" if row["paper"] is None else f"; paper {row['paper']} ({row['paper_source']})"
        print(line + bar + paper)
