"""The tables of README.md and docs/endpoints.md, written from what topics, endpoints and evaluations say of themselves.

python -m scripts.readme           writes them
python -m scripts.readme --check   changes nothing; exits with 1 when they are stale
"""

import argparse
import re
import sys
from pathlib import Path

from demos import frame  # isort: skip  before gradio: it sets what gradio and the Hub read at import

from dlcv.core import weights
from dlcv.core.weights.cards import grid, number
from dlcv.core.weights.passports import LICENCES

ROOT = Path(__file__).resolve().parent.parent
README, ENDPOINTS = "README.md", "docs/endpoints.md"
COMMAND = "python -m scripts.readme"


def tabs() -> str:
    """A line a tab: its name and link, its chapter of the lecture, what it shows, and the equations of its slides, each
    with the file that states it."""
    lines = []
    for topic_id, topic in frame.topics().items():
        stated = [f"{equation}: [`{file}`]({file})".replace("|", r"\|") for equation, file in topic.slides]
        lines.append([f"{topic.name}, `?tab={topic_id}`", topic.lecture, topic.summary, "<br>".join(stated)])
    return grid(["Tab and its link", "Lecture", "What you can do", "On the slide, and in the code"], lines, numbers=0)


def headlines() -> list[tuple[str, str, dict]]:
    """Topic, model and row of each score that stands for its topic, in the order of the tabs."""
    topics = frame.topics()
    return [
        (topic.title, name, row)
        for topic_id, topic in topics.items()
        for name in weights.names(topic_id)
        for row in weights.metrics(name).get("rows", [])
        if row.get("headline")
    ]


def scores() -> str:
    """The headline scores beside the papers'; a paper's score on other data is in a note below, for it is no
    comparison."""
    lines, notes = [], []
    for topic, name, row in headlines():
        paper = with_unit(row["paper"], row["unit"]) if row["paper"] is not None else ""
        if row.get("paper_data"):
            notes.append(f"{row['label']}: {paper} on {row['paper_data']} ({row['paper_source']})")
            paper = f"see note {len(notes)}"
        elif paper:
            paper = f"{paper} ({row['paper_source']})"
        metric = f"{row['label']}, {row['better']} is better"
        lines.append([topic, f"`{name}`", row["data"], metric, with_unit(row["value"], row["unit"]), paper])
    table = grid(["Topic", "Model", "Data", "Metric", "Ours", "Paper"], lines, numbers=2)
    said = [f"({count}) {note}." for count, note in enumerate(notes, 1)]
    return f"{table}\n\nPapers on other data, which is no comparison: {' '.join(said)}"


def with_unit(value: float, unit: str) -> str:
    """'92.3 %', '80.89 nats', '0.1486'."""
    return " ".join(filter(None, [number(value), unit]))


def all_about(api: dict[str, dict]) -> str:
    """docs/endpoints.md: what each endpoint gives, and its parameters."""
    lines = [
        [f"`{name}`", about["description"], ", ".join(one["parameter_name"] for one in about["parameters"])]
        for name, about in api.items()
    ]
    lines = [[cell.replace("|", r"\|") for cell in line] for line in lines]
    table = grid(["Endpoint", "Gives", "Parameters"], lines, numbers=0)
    about = f"Written by `{COMMAND}`. A running gallery has types and defaults at `/gradio_api/info`."
    return f"# Endpoints\n\n{about}\n\n{table}\n"


def licences() -> str:
    """What is not for commercial use, a topic whose weights all are under its name."""
    found, licences = [], {}
    for topic_id in frame.topics():
        names = weights.names(topic_id)
        under = [name for name in names if "-nc-" in weights.passport(name).licence]
        licences |= {LICENCES[weights.passport(name).licence]: None for name in under}
        found += [f"all of {topic_id}"] if under == names else [f"`{name}`" for name in under]
    return f"**Not for commercial use** ({' or '.join(licences)}) are {in_sentence(found)}."


def in_sentence(names: list[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def rewritten(readme: str, parts: dict[str, str]) -> str:
    """`readme` with each part between its two marks; ValueError where they are not there once each."""
    for name, text in parts.items():
        marked = re.compile(rf"(<!-- {name}: [^\n]* -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        readme, count = marked.subn(lambda marks, text=text: f"{marks[1]}{text}\n{marks[2]}", readme)
        if count != 1:
            raise ValueError(f"README.md needs the marks <!-- {name}: ... --> and <!-- end of {name} -->, once each.")
    return readme


def written() -> dict[Path, str]:
    """The two files as they should be."""
    import app

    api = app.demo.get_api_info()["named_endpoints"]
    parts = {"tabs": tabs(), "scores": scores(), "licences": licences()}
    readme = rewritten((ROOT / README).read_text(encoding="utf-8"), parts)
    return {ROOT / README: readme, ROOT / ENDPOINTS: all_about(api)}


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, exit with 1 when a table is stale")
    check = parser.parse_args(arguments).check
    stale = [path for path, text in written().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if check and stale:
        print(f"{', '.join(path.name for path in stale)}: stale. Run: {COMMAND}", file=sys.stderr)
        return 1
    for path, text in written().items() if stale else ():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
