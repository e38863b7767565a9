# SPDX-License-Identifier: Apache-2.0
"""The updater as a library: it builds for this machine and for a Cortex-M4 without heap, exceptions, RTTI and I/O."""
import subprocess
import sys

import pytest

from device_library import CORTEX_M, LIBRARY, ROOT, build, run

CHECK = ROOT / "device" / "core" / "check_symbols.py"


@pytest.mark.parametrize("options", [(), (CORTEX_M,)], ids=["this machine", "Cortex-M4"])
def test_the_library_needs_nothing_that_has_a_heap_or_throws(tmp_path, options):
    built = build(LIBRARY, tmp_path / "library", *options)
    run("ninja", "-C", built, "check_freestanding")


@pytest.mark.parametrize("needs, text", [
    ("_Znwj", "struct Node { Node* next; }; Node* make() { return new Node; }"),
    ("malloc", "#include <cstdlib>\nvoid* make() { return std::malloc(4); }"),
    ("__throw_out_of_range", "#include <string_view>\nstd::string_view cut(std::string_view t, std::size_t n) { return t.substr(n); }"),
    ("__cxa_throw", "void refuse() { throw 1; }"),
    ("__cxa_guard_acquire", "int now(); int& first() { static int at = now(); return at; }"),
    ("printf", "#include <cstdio>\nvoid say(int n) { std::printf(\"%d\\n\", n); }"),
])
def test_the_check_finds_what_must_not_be_there(tmp_path, needs, text):
    source, built, archive = tmp_path / "bad.cpp", tmp_path / "bad.o", tmp_path / "bad.a"
    source.write_text(text)
    run("arm-none-eabi-g++", "-std=c++20", "-Os", "-mcpu=cortex-m4", "-mthumb", "-c", source, "-o", built)
    run("arm-none-eabi-ar", "rc", archive, built)
    checked = subprocess.run([sys.executable, CHECK, "arm-none-eabi-nm", archive], capture_output=True, text=True)
    assert checked.returncode == 1 and needs in checked.stderr, checked.stderr


def test_an_archive_without_symbols_proves_nothing(tmp_path):
    archive = tmp_path / "empty.a"
    run("arm-none-eabi-ar", "rc", archive)
    assert subprocess.run([sys.executable, CHECK, "arm-none-eabi-nm", archive], capture_output=True).returncode == 1
