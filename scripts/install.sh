#!/bin/sh
# Installs one list of packages into an environment: sh scripts/install.sh requirements.txt [.venv]
# Takes Python 3.10 to 3.14 (PYTHON names one); uv brings one where none is found. uv itself is used where it is on
# PATH, else fetched into .venv/uv.
set -eu
UV_VERSION=0.13.9
list=$1
venv=${2:-.venv}

fail() {
    echo "$*" >&2
    exit 1
}

runs() {
    "$1" -c "import sys; sys.exit(not $2)" >/dev/null 2>&1
}

supported() {
    runs "$1" "(3, 10) <= sys.version_info[:2] <= (3, 14)"
}

find_python() {
    for name in python3 python3.12 python3.13 python3.11 python3.10 python3.14 python; do
        if supported "$name"; then
            echo "$name"
            return
        fi
    done
}

# pip brings uv, also that of a Python too old for the gallery. Debian ships Python without pip and without the part of
# venv that brings pip: three ways to get one, then a sentence.
fetch_uv() {
    for any in ${PYTHON:-} "$(find_python)" python3 python; do
        runs "$any" "sys.version_info >= (3, 8)" && break
    done || fail "Neither Python nor uv was found. Install Python 3.10 to 3.14, or uv, and try again."
    echo "Fetching uv ..." >&2
    if "$any" -m pip --version >/dev/null 2>&1; then
        pip_of=$any
    elif "$any" -m venv --clear .venv/pip >/dev/null 2>&1; then
        pip_of=.venv/pip/bin/python
    elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        { apt-get update -qq && apt-get install -y -qq python3-venv; } >&2 || fail "apt could not install python3-venv."
        "$any" -m venv --clear .venv/pip
        pip_of=.venv/pip/bin/python
    else
        fail "Python has no pip here. Install it (Debian: apt install python3-venv) or install uv, then try again."
    fi
    PIP_ROOT_USER_ACTION=ignore "$pip_of" -m pip install --quiet --target .venv/uv "uv==$UV_VERSION" >&2
    rm -rf .venv/pip
}

if uv --version >/dev/null 2>&1; then
    uv=uv
else
    [ -x .venv/uv/bin/uv ] || fetch_uv
    uv=.venv/uv/bin/uv
fi

if ! supported "$venv/bin/python"; then
    python=${PYTHON:-$(find_python)}
    if [ -n "$python" ]; then
        supported "$python" || fail "$python is not Python 3.10, 3.11, 3.12, 3.13 or 3.14."
        # A name such as python3 may stand for another program, as under pyenv: uv wants the program itself.
        python=$("$python" -c 'import sys; print(sys.executable)')
    else
        echo "Python 3.10 to 3.14 was not found; uv brings 3.12 ..." >&2
    fi
    rm -rf "$venv/bin" "$venv/lib" "$venv/lib64" "$venv/pyvenv.cfg"  # of another Python; .venv/uv stays
    "$uv" venv --quiet --allow-existing --python "${python:-3.12}" "$venv" ||
        fail "No environment could be made. Install Python 3.10 to 3.14, or name one: make run PYTHON=/path/to/python3"
fi

echo "Installing $list into $venv ..." >&2
"$uv" pip install --python "$venv/bin/python" --requirement "$list"
# Not uv's --compile-bytecode: after an interrupted installation that has nothing to install and so compiles nothing.
"$venv/bin/python" -m compileall -qq -j 0 "$venv/lib" || true
