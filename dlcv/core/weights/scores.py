"""The README's tables of scores, written from what the evaluations left in checkpoints/*/metrics.json.

python -m dlcv.core.weights.scores           rewrites the tables in README.md
python -m dlcv.core.weights.scores --check   changes nothing; exits with 1 when they are stale
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from . import hub, passports

ROOT = Path(__file__).resolve().parents[3]
OPEN, CLOSE = "<!-- scores: written by python -m dlcv.core.weights.scores -->", "<!-- end of scores -->"
TITLES = {
    ("vae", "nll"): "VAE: negative log-likelihood of a test picture",
    ("stn", "error"): "Spatial Transformer: error on distorted MNIST",
    ("gan", "modes"): "GAN: modes covered of the 1,000 of stacked digits",
    ("gan", "modes_kl"): "GAN: KL divergence of the samples' modes from those of stacked digits",
    ("gan", "confidence"): "GAN: how sure our classifier is of generated garments",
    ("gan", "largest_class"): "GAN: share of generated garments in the class that has most",
    ("gan", "accuracy"): "GAN: right answers of the classifiers that judge generated pictures",
    ("cyclegan", "called_monet"): "CycleGAN: what our classifier calls a Monet, of photographs",
    ("cyclegan", "judged_monet"): "CycleGAN: photographs that our classifier calls a Monet once they are translated",
    ("cyclegan", "cycle_l1"): "CycleGAN: difference of what comes back after both translations",
    ("cyclegan", "target_accuracy"): "CycleGAN: right answers in a domain of which no label was seen",
    ("pose", "pck_0.2"): "Pose: joints within 0.2 of the torso",
    ("pose", "limbs_joined"): "Pose: limbs that are joined to the right person, on made pictures of several people",
    ("pose", "oks_found"): "Pose: people over 96 × 96 pixels that are found at OKS 0.5",
    ("pointnet", "overall_accuracy"): "PointNet: clouds that get the right one of ten classes",
    ("pointnet", "class_accuracy"): "PointNet: the same, mean over the classes",
    ("pointnet", "lost_with_half"): "PointNet: accuracy that is lost with half of the points",
    ("pointnet", "order_difference"): "PointNet: largest change of a probability under other orders of the points",
    ("pointnet", "part_miou"): "PointNet: overlap of the parts with the true ones, on shapes made by a generator",
    ("pointnet", "out_of_class_auroc"): "PointNet: what is of no class told from what is, by its strangeness",
    ("detection", "box_ap"): "Detection: average precision of boxes",
    ("detection", "box_ap50"): "Detection: the same where half of the overlap is enough",
    ("detection", "mask_ap"): "Detection: average precision of masks",
    ("detection", "mask_ap50"): "Detection: the same where half of the overlap is enough",
    ("depth", "abs_rel"): "Depth: mean of |Z - Z*| / Z*, from one picture",
    ("depth", "delta_1"): "Depth: depths within a factor of 1.25 of the measured ones, from one picture",
    ("depth", "d1"): "Depth: disparities from one picture that are wrong by over 3 pixels and 5 %",
    ("depth", "rank_correlation"): "Depth: agreement with the true order of near and far, of a scene of no training",
}
DISTORTIONS = ["R", "RTS", "P", "E"]  # the paper's, in its order; ours come after


def collect(checkpoints: Path) -> list[dict]:
    """All rows of the metrics.json in the folders of `checkpoints`, each with its topic and model, ordered by model.

    Raises ValueError naming the file when one lacks a field.
    """
    rows = []
    for path in sorted(checkpoints.glob("*/metrics.json")):
        try:
            metrics = json.loads(path.read_text())
            for row in metrics["rows"]:
                fields = {key: row[key] for key in ("metric", "unit", "data", "value", "better")}
                papers = {key: row.get(key) for key in ("bar", "paper", "paper_source")}
                rows.append({"topic": metrics["topic"], "model": metrics["model"], **fields, **papers})
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"{path} is not in the form of metrics.json: {error!r}") from error
    return rows


def record(name: str, command: str, rows: list[dict]) -> None:
    """Write checkpoints/<name>/metrics.json: rows of metric, unit, data, value, better and, at will, bar and paper."""
    entry = passports.passport(name)
    full = [{"bar": None, "paper": None, "paper_source": None} | row for row in rows]
    about = {"model": name, "topic": entry.topic, "weights_sha256": entry.sha256, "command": command}
    path = passports.root() / name / hub.METRICS
    path.write_text(json.dumps(about | {"rows": full}, indent=2) + "\n", encoding="utf-8")


def report(found: dict[str, list[dict]], command: str) -> None:
    """Record the rows of each model, print them as a table, leave with status 1 where a bar is missed."""
    missed = []
    for name, rows in found.items():
        record(name, command, rows)
        for row in rows:
            bar, value = row.get("bar"), row["value"]
            short = bar is not None and (value < bar if row["better"] == "higher" else value > bar)
            missed += [f"{name} {row['metric']}"] if short else []
            line = f"{name:32} {row['metric']:24} {value:>9} {row['unit']:10} {row['data']}"
            print(line + (f"; bar {bar}" if bar is not None else ""))
    raise SystemExit(f"\nmissed: {', '.join(missed)}" if missed else 0)


def number(value: float | None) -> str:
    """Four significant digits at most: 80.93, 0.57, 9,978; an empty cell for None."""
    return "" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def in_sentence(names: list[str]) -> str:
    """'a', 'a and b', 'a, b and c', each name once, in order of appearance."""
    names = list(dict.fromkeys(names))
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def grid(header: list[str], lines: list[list[str]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    rule = ["---"] + ["--:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *lines])


def by_condition(rows: list[dict]) -> str:
    """One line per network and one column per distortion, 'ours (paper)', for models named <network>-<distortion>."""
    columns = sorted({row["data"] for row in rows}, key=lambda data: (DISTORTIONS + [data]).index(data))
    cells: dict[str, dict[str, str]] = {}
    for row in rows:
        network = row["model"].removesuffix("-" + row["data"].lower())
        paper = "" if row["paper"] is None else f" ({number(row['paper'])})"
        cells.setdefault(network, {})[row["data"]] = number(row["value"]) + paper
    lines = [[f"`{network}`", *(found.get(column, "") for column in columns)] for network, found in cells.items()]
    return grid(["Network: ours (paper)", *columns], lines)


def by_model(rows: list[dict]) -> str:
    """One line per model and test set, with every paper's number that it is held against."""
    lines: dict[tuple[str, str], list[dict]] = {}
    for row in rows:
        lines.setdefault((row["model"], row["data"]), []).append(row)
    table = []
    for (model, data), found in lines.items():
        papers = [f"{number(row['paper'])} ({row['paper_source']})" for row in found if row["paper"] is not None]
        table.append([f"`{model}`, {data}", number(found[0]["value"]), "<br>".join(papers)])
    return grid(["Model and data", "Ours", "Papers"], table)


def tables(rows: list[dict]) -> str:
    """Markdown of every score that a paper or a bar stands beside, one table per topic and metric."""
    judged = {(row["topic"], row["metric"]) for row in rows if row["paper"] is not None or row["bar"] is not None}
    parts = []
    for key in dict.fromkeys((row["topic"], row["metric"]) for row in rows):
        if key not in judged:
            continue
        chosen = [row for row in rows if (row["topic"], row["metric"]) == key]
        first = chosen[0]
        conditions = [row for row in chosen if row["model"].endswith("-" + row["data"].lower())]
        parts.append(f"{TITLES.get(key, ' '.join(key))}, in {first['unit']} ({first['better']} is better)")
        parts.append(by_condition(conditions) if conditions else by_model(chosen))
        if sources := [row["paper_source"] for row in conditions if row["paper_source"]]:
            parts.append(f"Paper: {in_sentence(sources)}.")
    return "\n\n".join(parts) or "No model has been scored yet."


def rewritten(readme: str, rows: list[dict]) -> str:
    """`readme` with fresh tables between the two comments; ValueError when it lacks them."""
    try:
        before, rest = readme.split(OPEN)
        after = rest.split(CLOSE)[1]
    except (ValueError, IndexError):
        raise ValueError(f"README.md needs the two lines {OPEN!r} and {CLOSE!r}, once each.") from None
    return f"{before}{OPEN}\n{tables(rows)}\n{CLOSE}{after}"


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m dlcv.core.weights.scores", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, exit with 1 when the tables are stale")
    options = parser.parse_args(arguments)
    path = ROOT / "README.md"
    old = path.read_text(encoding="utf-8")
    new = rewritten(old, collect(ROOT / "checkpoints"))
    if options.check:
        if old != new:
            print("The scores in README.md are stale. Run: python -m dlcv.core.weights.scores", file=sys.stderr)
        return int(old != new)
    path.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
