#!/usr/bin/env bash
# A virtual environment at $2 made by the Python $1; on Debian the module for it is a package of its own.
set -euo pipefail

python=$1 place=$2

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "devenv needs Python 3.11 or newer; '$python' is $("$python" --version). make PYTHON=… names another" >&2
    exit 1
}
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq python3-venv >&2
    else
        echo "Python's venv module is missing: install python3-venv" >&2
        exit 1
    fi
fi
[ -x "$place/bin/python" ] || "$python" -m venv "$place"
