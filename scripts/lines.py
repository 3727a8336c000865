"""No file of code is over 400 lines: `python -m scripts.lines` names those that are."""

import subprocess
import sys
from pathlib import Path

MOST = 400


def main() -> None:
    """Leaves with status 1 where a file is longer."""
    listed = subprocess.run(["git", "ls-files", "-z", "*.py", "*.js"], capture_output=True, text=True, check=True)
    files = [Path(name) for name in listed.stdout.split("\0") if name and Path(name).exists()]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    if found := [f"{path} has {length} lines, {MOST} at most" for path, length in lengths.items() if length > MOST]:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
