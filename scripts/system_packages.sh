#!/usr/bin/env bash
# Installs the Chromium and the PostgreSQL that tests start, where they're missing and where it may.
# It never fails: a test that lacks one says so itself, as a skip or, where CI=true, as a failure.
set -uo pipefail

has_browser() {
    command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || command -v google-chrome
} >/dev/null

has_postgresql() {
    command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb'
} >/dev/null

packages=()
has_browser || packages+=(chromium fonts-liberation)
has_postgresql || packages+=(postgresql)
[ ${#packages[@]} = 0 ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Missing for some tests: ${packages[*]}. On Debian and Ubuntu, as root: apt-get install ${packages[*]}"
    exit 0
fi

echo "Installing for the tests (once): ${packages[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! {
    apt-get update -qq &&
        apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "${packages[@]}"
} >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log"
    echo "Couldn't install ${packages[*]}: the tests that need them will say so."
fi
exit 0
