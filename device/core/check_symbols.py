#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that the device's core runs without a heap, exceptions, RTTI or I/O: fails when the archives, taken together, need
anything from outside but what a compiler itself asks for.

usage: check_symbols.py NM ARCHIVE…
"""
import re
import subprocess
import sys

ALLOWED = re.compile(
    r"^(mem(cpy|move|set|cmp)|strlen"  # any C library, or ten lines of one's own
    r"|__aeabi_\w+|__gnu_thumb1_\w+|__(u?div|u?mod|u?divmod|ash[lr]|lshr|c[lt]z|popcount|ffs|bswap|parity|mul)[sdt]i\d"  # the compiler's arithmetic
    r"|__assert_fail|__assert_func|abort"  # of builds without NDEBUG
    r"|__dso_handle|_GLOBAL_OFFSET_TABLE_)$")
# Instrumented builds (sanitizers, fuzzers) bring a runtime of their own: nothing can be said of them.
INSTRUMENTED = re.compile(r"^__(asan|ubsan|tsan|sanitizer|sancov)_")


def main() -> int:
    nm, archives = sys.argv[1], sys.argv[2:]
    defined, needed = set(), {}
    for archive in archives:
        output = subprocess.run([nm, "-A", "-P", archive], check=True, capture_output=True, text=True).stdout
        for line in output.splitlines():
            place, name, kind = line.split(": ", 1)[0], *line.split(": ", 1)[1].split()[:2]
            if INSTRUMENTED.match(name):
                return 0
            if kind in "Uw":
                needed.setdefault(name, place)
            else:
                defined.add(name)
    if not defined:
        print(f"{' '.join(archives)}: no symbols are defined there; that proves nothing", file=sys.stderr)
        return 1
    bad = sorted(f"{place} needs {name}" for name, place in needed.items() if name not in defined and not ALLOWED.match(name))
    for line in bad:
        print(line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
