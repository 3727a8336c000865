"""Uploads the gallery to a Space of the Hugging Face Hub: `python -m scripts.space you/name`.

A git push of this repository is refused there: it holds binary files outside of the Hub's storage. An upload puts
each file where the Hub wants it, and leaves tests, benchmarks, history and caches behind. The token is that of
`hf auth login` or HF_TOKEN; HF_ENDPOINT names another Hub.
"""

import argparse
import sys
from pathlib import Path

from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError

ROOT = Path(__file__).resolve().parent.parent
PARTS = ["README.md", "LICENSE", "requirements.txt", "app.py", "demos/*", "dlcv/*", "checkpoints/*", "docs/*"]
CACHES = ["*__pycache__/*", "*.pyc", "*.part"]


def upload(repo: str) -> str:
    """The address of the Space `repo`, which is made where there is none and then holds these files and no others.

    Raises huggingface_hub's own errors when the Hub refuses.
    """
    hub = HfApi()
    address = hub.create_repo(repo, repo_type="space", space_sdk="gradio", exist_ok=True)
    hub.upload_folder(
        repo_id=repo,
        repo_type="space",
        folder_path=ROOT,
        allow_patterns=PARTS,
        ignore_patterns=CACHES,
        delete_patterns="*",
        commit_message="The gallery",
    )
    return str(address)


def main(arguments: list[str] | None = None) -> None:
    """The command line: the name of the Space."""
    parser = argparse.ArgumentParser(prog="python -m scripts.space", description="Upload the gallery to a Space.")
    parser.add_argument("repo", help="such as you/lecture")
    repo = parser.parse_args(arguments).repo
    if not get_token():
        sys.exit("A Space needs your token of the Hub: run `hf auth login`, or set HF_TOKEN.")
    try:
        print(f"The gallery is being built at {upload(repo)}")
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        sys.exit(f"The Hub did not take it: {error}")


if __name__ == "__main__":
    main()
