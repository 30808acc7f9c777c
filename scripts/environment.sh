#!/usr/bin/env bash
# Makes .venv with Python 3.11 or later, or says what is missing for it.
set -euo pipefail
cd "$(dirname "$0")/.."

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null </dev/null
}

if new_enough .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; then
    touch .venv/.made
    exit
fi

python=
for candidate in python3 python3.11 python3.12 python3.13; do
    if command -v "$candidate" >/dev/null && new_enough "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "The lab needs Python 3.11 or later, and none of python3, python3.11, python3.12 and python3.13 is one here." >&2
    echo "Install it (on Debian 12 or later: apt-get install python3 python3-venv) and run the same command again." >&2
    exit 1
fi

may_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null
}

make_environment() {
    rm -rf .venv
    "$python" -m venv .venv
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! make_environment >"$log" 2>&1; then
    package=$("$python" -c 'import sys; print(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")')
    if may_install; then
        echo "$python can't make an environment yet: installing $package"
        apt-get update -qq >>"$log" 2>&1 || true
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 "$package" >>"$log" 2>&1 </dev/null || true
        made=0
        make_environment >>"$log" 2>&1 || made=$?
    else
        made=1
    fi
    if [ "$made" != 0 ]; then
        rm -rf .venv
        cat "$log" >&2
        echo "$python couldn't make .venv. On Debian and Ubuntu install $package, then run the same command again." >&2
        exit 1
    fi
fi
touch .venv/.made
