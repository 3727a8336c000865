"""Checkpoints: their cards, and the Hub.

python -m dlcv.core.weights card [NAME ...]                              rewrites checkpoints/*/README.md
python -m dlcv.core.weights publish --repo YOU/NAME [--endpoint URL]     uploads all of them to one Hub repository
"""

import argparse
import sys

from . import WeightsError, cards, hub, names


def main(arguments: list[str] | None = None) -> None:
    """The command line: `card` and `publish`."""
    parser = argparse.ArgumentParser(prog="python -m dlcv.core.weights", description="Model cards, and the Hub.")
    commands = parser.add_subparsers(dest="command", required=True)
    card = commands.add_parser("card", help="rewrite checkpoints/*/README.md from passports and scores")
    card.add_argument("names", nargs="*", help="these checkpoints; all of them when none is given")
    publish = commands.add_parser("publish", help="upload all checkpoints, a folder each, to one repository of the Hub")
    publish.add_argument("--repo", required=True, help="such as you/dlcv")
    publish.add_argument("--endpoint", help="another server than https://huggingface.co (or HF_ENDPOINT)")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "card":
            cards.write(chosen.names or names())
            return
        hub.require_token()
        published = hub.publishable()
        cards.write(published)
        commit = hub.publish(published, cards.index(published, chosen.repo), chosen.repo, chosen.endpoint)
        print(f"Published to {chosen.repo} at commit {commit}.")
    except WeightsError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
