#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: demo.sh BUILD_FOLDER   A whole update on this machine, by real processes over real TLS: a board that boots U-Boot gets
# UEFI; then a release that the board does not trust; then one that does not boot.
set -euo pipefail
build=$(realpath "$1")
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d /tmp/otabahn-demo-XXXXXX)
server= agent=
finish() {
    [ -z "$agent" ] || { kill "$agent" 2>/dev/null && wait "$agent" 2>/dev/null; } || true
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
    if [ "${demo_ended:-no}" = yes ]; then rm -rf "$work"; else echo "The demo broke off; its logs are in $work" >&2; fi
}
trap finish EXIT

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() { printf '  $ %s\n' "$*"; "$@"; }
console() { printf '  console: %s\n' "$(tr -d '\r\000' < "$work/console.log" | grep -aoE 'U-Boot 20[^(]*|UEFI firmware[^)]*\)' | head -n 1)"; }
version() { "$build/otabahn-device" status --config "$work/board-1/device.toml"; }
wait_for() { # SECONDS COMMAND…
    local left=$(($1 * 10)); shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || { echo "not within the time: $*" >&2; return 1; }
        sleep 0.1
    done
}
banner() { grep -qaE "$1" "$work/console.log"; }

step "1. The cloud"
"$build/otabahn" serve --data "$work/cloud" --http 127.0.0.1:0 --mqtt 127.0.0.1:0 --https 127.0.0.1:0 --device-https 127.0.0.1:0 \
    > "$work/server.out" 2> "$work/server.log" &
server=$!
wait_for 20 grep -q '^otabahn ready' "$work/server.out"
sed 's/^/  /' "$work/server.out"
eval "$("$build/otabahn" env --data "$work/cloud")"
export PATH="$build:$PATH"

step "2. A signing key, a thing, and its bundle"
show otabahn signing create demo
show otabahn thing create board-1 --out "$work/board-1"
cat >> "$work/board-1/device.toml" <<TOML
# The virtual board: QEMU boots the active image; its self-test is that a banner comes up on the console.
command = ["sh", "$here/examples/board/board.sh", "{image}", "$work/console.log"]
self_test_command = ["grep", "-qaE", "U-Boot 20|UEFI firmware", "$work/console.log"]
TOML

step "3. The board leaves the factory with U-Boot as 1.0.0"
show otabahn-device factory --config "$work/board-1/device.toml" --image /usr/lib/u-boot/qemu_arm64/u-boot.bin --version 1.0.0
otabahn-device run --config "$work/board-1/device.toml" > "$work/agent.log" 2>&1 &
agent=$!
wait_for 20 banner 'U-Boot 20'
console

step "4. UEFI is deployed as 1.1.0"
show otabahn deploy /usr/share/qemu-efi-aarch64/QEMU_EFI.fd --to thing/board-1 --version 1.1.0
wait_for 20 banner 'UEFI firmware'
console
printf '  %s\n' "$(version)"

step "5. A release signed by somebody whom the board does not trust"
show otabahn signing create stranger
head -c 1000000 /dev/urandom > "$work/unbootable.bin"
if show otabahn deploy "$work/unbootable.bin" --to thing/board-1 --version 1.2.0 --signing-profile stranger; then
    echo "the board took it, which is wrong" >&2
    exit 1
fi
printf '  %s\n' "$(version)"

step "6. The same, rightly signed; but it does not boot"
if show otabahn deploy "$work/unbootable.bin" --to thing/board-1 --version 1.2.0 --signing-profile demo; then
    echo "the board kept it, which is wrong" >&2
    exit 1
fi
wait_for 20 banner 'UEFI firmware'
console
printf '  %s\n' "$(version)"
[[ "$(version)" == *'"1.1.0"'* ]]

step "Done: updated, refused before a block was asked for, and rolled back."
demo_ended=yes
