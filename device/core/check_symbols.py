#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that the device's core runs without a heap, exceptions, RTTI or I/O: fails when an archive needs such a symbol.

usage: check_symbols.py NM ARCHIVE…
"""
import re
import subprocess
import sys

FORBIDDEN = re.compile(
    r"^(_Zn[wa]|_Zd[la]Pv|malloc|calloc|realloc|free$|__cxa_(throw|allocate_exception|begin_catch|rethrow|guard_)|__gxx_personality|_Unwind_|"
    r"__dynamic_cast|_ZTI|_ZTVN10__cxxabiv|_ZSt\d+__throw|_ZNSt|_ZNKSt|_ZNSaI|printf|fprintf|puts|fopen|open|read$|write$|time$|clock_gettime|pthread_)")
# Instrumented builds (sanitizers, fuzzers) bring a runtime of their own.
INSTRUMENTED = re.compile(r"^__(asan|ubsan|tsan|sanitizer|sancov)_")


def main() -> int:
    nm, archives = sys.argv[1], sys.argv[2:]
    bad = []
    for archive in archives:
        output = subprocess.run([nm, "-A", "-P", archive], check=True, capture_output=True, text=True).stdout
        defined, undefined = set(), []
        for line in output.splitlines():
            place, name, kind = line.split(": ", 1)[0], *line.split(": ", 1)[1].split()[:2]
            if INSTRUMENTED.match(name):
                return 0
            (undefined.append((place, name)) if kind == "U" else defined.add(name))
        bad += [f"{place} needs {name}" for place, name in undefined if FORBIDDEN.match(name) and name not in defined]
    for line in sorted(set(bad)):
        print(line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
