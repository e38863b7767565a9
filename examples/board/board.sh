#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: board.sh IMAGE CONSOLE   A virtual board: QEMU's aarch64 machine booting IMAGE as its firmware; its serial console
# is written to CONSOLE, anew at each start. No KVM, no network.
: > "$2"
exec qemu-system-aarch64 -M virt -cpu cortex-a57 -m 256 -display none -monitor none -nic none -serial "file:$2" -bios "$1"
