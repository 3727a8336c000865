#!/bin/sh
# Installs one list of packages into .venv: sh scripts/install.sh requirements.txt
# Needs Python 3.10, 3.11 or 3.12 (PYTHON names one). uv is used where it is on PATH, else fetched into .venv.
set -eu
UV_VERSION=0.13.9

fail() {
    echo "$*" >&2
    exit 1
}

supported() {
    "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' >/dev/null 2>&1
}

find_python() {
    for name in ${PYTHON:-python3 python3.12 python3.11 python3.10 python}; do
        if supported "$name"; then
            echo "$name"
            return
        fi
    done
    fail "Python 3.10, 3.11 or 3.12 was not found. Install one, or name one: make run PYTHON=/path/to/python3"
}

# Debian ships Python without pip and without the part of venv that brings pip: three ways to get uv, then a sentence.
fetch_uv() {
    echo "Fetching uv ..." >&2
    "$1" -m venv --clear .venv >/dev/null 2>&1 || "$1" -m venv --clear --without-pip .venv ||
        fail "Python has no venv module here. Install it (Debian: apt install python3-venv) or install uv."
    if .venv/bin/python -m pip --version >/dev/null 2>&1; then
        pip_of=.venv/bin/python
    elif "$1" -m pip --version >/dev/null 2>&1; then
        pip_of=$1
    elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        { apt-get update -qq && apt-get install -y -qq python3-venv; } >&2 || fail "apt could not install python3-venv."
        "$1" -m venv --clear .venv
        pip_of=.venv/bin/python
    else
        fail "Python has no pip here. Install it (Debian: apt install python3-venv) or install uv, then try again."
    fi
    PIP_ROOT_USER_ACTION=ignore "$pip_of" -m pip install --quiet --target .venv/uv "uv==$UV_VERSION" >&2
}

if ! supported .venv/bin/python; then
    python=$(find_python)
    if uv --version >/dev/null 2>&1; then
        uv venv --quiet --clear --python "$("$python" -c 'import sys; print(sys.executable)')" .venv
    else
        fetch_uv "$python"
    fi
fi

if uv --version >/dev/null 2>&1; then
    uv=uv
elif [ -x .venv/uv/bin/uv ]; then
    uv=.venv/uv/bin/uv
else
    fetch_uv "$(find_python)"
    uv=.venv/uv/bin/uv
fi
echo "Installing $1 ..." >&2
"$uv" pip install --python .venv/bin/python --requirement "$1"
# Not uv's --compile-bytecode: after an interrupted installation that has nothing to install and so compiles nothing.
.venv/bin/python -m compileall -qq -j 0 .venv/lib || true
