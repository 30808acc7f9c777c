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

# The headless shell draws pages without the windows that nobody sees; Debian has it, Ubuntu doesn't.
find_missing() {
    packages=()
    if ! has_browser; then
        if apt-cache show chromium-headless-shell >/dev/null 2>&1; then
            packages+=(chromium-headless-shell fonts-liberation)
        else
            packages+=(chromium fonts-liberation)
        fi
    fi
    has_postgresql || packages+=(postgresql)
}

find_missing
[ ${#packages[@]} = 0 ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Missing for some tests: ${packages[*]}. On Debian and Ubuntu, as root: apt-get install ${packages[*]}"
    exit 0
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >"$log" 2>&1 </dev/null
# Again, for a fresh machine knows no package before its first update.
find_missing
echo "Installing for the tests (once): ${packages[*]}"
if ! apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "${packages[@]}" \
    >>"$log" 2>&1 </dev/null; then
    tail -n 20 "$log"
    echo "Couldn't install ${packages[*]}: the tests that need them will say so."
fi
exit 0
