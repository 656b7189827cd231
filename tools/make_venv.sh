#!/usr/bin/env bash
# Make .venv with the system's Python; on Debian and Ubuntu bring python3-venv when it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

python="${PYTHON:-python3}"
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Shipbell needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1 || true)." >&2
    echo "Name another one: make install PYTHON=python3.12" >&2
    exit 1
fi

if [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1; then
    exit 0
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        echo "python3-venv is missing; installing it." >&2
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq >&2
        apt-get install -y -qq --no-install-recommends python3-venv >&2
    else
        echo "Python's venv module is missing. Install it (Debian, Ubuntu: sudo apt-get install python3-venv)" >&2
        echo "and run the same command again." >&2
        exit 1
    fi
fi
"$python" -m venv --clear .venv
