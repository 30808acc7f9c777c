#!/usr/bin/env bash
# Writes constraints.txt anew, from a clean environment that holds the direct dependencies and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed '/^-c/d' requirements.txt >"$work/requirements.txt"
sed '/^-c/d' requirements-test.txt >"$work/requirements-test.txt"
scripts/environment.sh
.venv/bin/python -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$work/requirements-test.txt"
{
    echo "# Every package, direct or brought along, at the version that was tested. Written by \`make lock\`."
    "$work/venv/bin/python" -m pip freeze
} >"$work/constraints.txt"
mv "$work/constraints.txt" constraints.txt
