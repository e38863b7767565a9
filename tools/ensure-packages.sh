#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: ensure-packages.sh PURPOSE…   Installs what packaging/debian-packages.txt names for these purposes and is missing.
set -eu
list="$(dirname "$0")/../packaging/debian-packages.txt"
missing=
for purpose in "$@"; do
    for package in $(sed -n "s/^$purpose //p" "$list"); do
        state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
        [ "$state" = "install ok installed" ] || missing="$missing $package"
    done
done
[ -n "$missing" ] || exit 0
echo "Installing Debian packages:$missing"
if [ "$(id -u)" = 0 ]; then root=; else root=sudo; fi
export DEBIAN_FRONTEND=noninteractive
# A server that a package brings is not to start by itself: the tests start their own.
$root apt-get update -qq
$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
    echo "apt-get could not install:$missing" >&2
    echo "Install them by hand and run make again." >&2
    exit 1
}
