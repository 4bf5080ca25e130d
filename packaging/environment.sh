#!/bin/sh
# Makes .venv: the locked packages, the program itself, the starter model. Does nothing if that has been done.
#
# PYTHON=... chooses the Python it is made with.
set -eu
cd "$(dirname "$0")/.."

bin=.venv/bin
[ "${OS:-}" != Windows_NT ] || bin=.venv/Scripts

fits() {
    "$1" -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))" 2>/dev/null
}

state="$(cat requirements-dev.lock pyproject.toml | cksum) in $(pwd)"
if fits $bin/python && [ "$(cat .venv/.setup 2>/dev/null)" = "$state" ]; then
    exit 0
fi

for python in ${PYTHON:-python3 python3.11 python3.12 python3.13 python ""}; do
    ! fits "$python" || break
done
if ! fits "$python"; then
    echo "Python 3.11, 3.12 or 3.13 is needed: install one, or name it: make PYTHON=/path/to/python" >&2
    exit 1
fi

without_pip=""
"$python" -c "import ensurepip" 2>/dev/null || without_pip="--without-pip" # Debian's Python without python3-venv
fits $bin/python || "$python" -m venv --clear $without_pip .venv

# pip ARGUMENTS... : run the environment's pip, or if it has none, that of the Python it was made with.
pip() {
    if $bin/python -c "import pip" 2>/dev/null; then
        $bin/python -m pip --disable-pip-version-check --no-input "$@"
    else
        "$python" -m pip --python $bin/python --disable-pip-version-check --no-input "$@"
    fi
}

echo "Installing the Python packages into .venv; the first time takes a few minutes."
rm -f .venv/.setup
pip install --quiet --require-hashes --no-deps -r requirements-dev.lock
pip install --quiet --no-deps --no-build-isolation --no-index -e .
$bin/python -m desktop_app.models.starter
echo "$state" >.venv/.setup
