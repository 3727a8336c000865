"""Processes that begin afresh, all but for torch: one process has imported it, and is copied for each of them.

What huggingface_hub reads when it is imported, such as the address of the Hub, is then a setting; torch, which takes
seconds, is imported once.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.serving import ROOT

PARENT = """
import json, os, runpy, sys, traceback
import torch
import torchvision

def begin(asked):
    os.environ.clear()
    os.environ.update(asked["environment"])
    for name, number in (("in", 0), ("out", 1), ("err", 2)):
        os.dup2(os.open(asked[name], os.O_RDWR | os.O_CREAT), number)
    how, what, *arguments = asked["command"]
    sys.argv = [how, *arguments]
    try:
        if how == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            exec(compile(what, "<command>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        if not isinstance(end.code, (int, type(None))):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0

for line in sys.stdin:
    child = os.fork()
    if not child:
        code = begin(json.loads(line))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@functools.cache
def _parent() -> subprocess.Popen:
    """The process that is copied; it ends with this one."""
    command = [sys.executable, "-c", PARENT]
    parent = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(parent.kill)
    return parent


def run(*command: str, environment: dict[str, str]) -> subprocess.CompletedProcess:
    """What `python -c CODE ...` or `python -m MODULE ...` prints and ends with, in the repository."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = (Path(folder, name) for name in ("out", "err"))
        asked = {"command": command, "environment": environment, "in": os.devnull, "out": str(out), "err": str(err)}
        parent = _parent()
        parent.stdin.write(json.dumps(asked) + "\n")
        parent.stdin.flush()
        code = int(parent.stdout.readline())
        return subprocess.CompletedProcess(command, code, out.read_text(), err.read_text())
