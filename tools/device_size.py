#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: device_size.py [--build FOLDER] [--check]   What the updater costs a Cortex-M4: flash and RAM of the least firmware that
updates itself (device/library/size), linked with -Os and --gc-sections, beside AWS's libraries for the same work.
--check: exit 1 when it is above what docs/device.md promises."""
import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "device" / "library"
# Published for -Os (docs/doxygen/include/size_table.md of each): the Jobs library with the reader of its own job document, the MQTT file
# streams library with tinycbor, and the JSON parser that is counted in both. They hold no state machine, no resume, no signatures.
AWS_JOBS, AWS_STREAMS, AWS_JSON = 6.2, 7.1, 2.4
AWS = AWS_JOBS + AWS_STREAMS - AWS_JSON
RAM_BAR = 2_048
PARTS = [
    ("jobs: topics, executions, reports", r"job_messages"),
    ("streams: topics, requests, blocks, window", r"stream_\w+|transfer"),
    ("state machine", r"update\w*|transitions|reason"),
    ("resume: what is stored", r"record"),
    ("JSON, CBOR, texts, base64", r"json_\w+|cbor\w*|utf8|base64|hex|decimal|word_list|fixed_text"),
    ("AWS's own job document, and what reads documents", r"afr_ota_document|document_\w+"),
]
# What AWS's libraries leave to the application.
BESIDE = [("signed releases: documents, manifests, versions, trust", r"order|job_document|release_manifest|version")]
OUTSIDE = "the compiler's arithmetic, mem*"


def run(*command) -> str:
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def link(folder: pathlib.Path) -> pathlib.Path:
    run("cmake", "-S", LIBRARY, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=MinSizeRel", f"-DCMAKE_TOOLCHAIN_FILE={LIBRARY / 'cortex-m.cmake'}",
        "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
    run("ninja", "-C", folder, "device-size")
    return folder / "device-size"


def flash_by_file(map_file: pathlib.Path) -> dict:
    """Bytes of code and constants of each object that the linker kept."""
    text = map_file.read_text().split("Linker script and memory map")[1]
    text = re.sub(r"\n (\.\S+)\n\s+", r"\n \1 ", text)
    sizes: dict = {}
    for section, address, size, file in re.findall(r"^ (\.\S+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)", text, re.M):
        if section.startswith((".text", ".rodata", ".data", ".init_array")) and int(address, 16) and int(size, 16):
            name = re.sub(r"(\.(cpp|c|o|obj))+\)?$", "", re.split(r"[/(]", file)[-1])
            sizes[name] = sizes.get(name, 0) + int(size, 16)
    return sizes


def ram(program: pathlib.Path) -> dict:
    """The statics of the application, by name."""
    sizes = {}
    for line in run("arm-none-eabi-nm", "-S", "-C", program).splitlines():
        found = re.match(r"[0-9a-f]+ ([0-9a-f]+) [bBdD] .*?(\w+)$", line)
        if found and found.group(2).endswith(("_memory", "_buffer")):
            sizes[found.group(2)] = int(found.group(1), 16)
    return sizes


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=pathlib.Path, default=ROOT / "build-device-size")
    arguments.add_argument("--check", action="store_true")
    given = arguments.parse_args()
    program = link(given.build)
    sizes = flash_by_file(given.build / "device-size.map")
    sizes.pop("application", None)
    total = 0
    print("flash of otabahn's updater, Cortex-M4, -Os, --gc-sections, arm-none-eabi-g++ " + run("arm-none-eabi-g++", "-dumpversion").strip())
    for name, pattern in PARTS:
        part = sum(sizes.pop(file) for file in list(sizes) if re.fullmatch(pattern, file))
        total += part
        print(f"  {name:<52}{part:>8,} bytes")
    bar = AWS * 1024
    print(f"  {'all of that':<52}{total:>8,} bytes  {total / 1024:.1f} K  (bar: {AWS:.1f} K, {'met' if total <= bar else f'missed: {total / bar:.1f} times as much'})")
    for name, pattern in BESIDE:
        part = sum(sizes.pop(file) for file in list(sizes) if re.fullmatch(pattern, file))
        print(f"  {name:<52}{part:>8,} bytes  (not in the bar: AWS's libraries have none)")
    outside = sum(sizes.values())
    print(f"  {OUTSIDE:<52}{outside:>8,} bytes  ({', '.join(sorted(sizes))})")
    print(f"flash of AWS's libraries, as published for -Os")
    print(f"  jobs {AWS_JOBS} K + file streams {AWS_STREAMS} K - the JSON parser in both {AWS_JSON} K{'':<12}{AWS * 1024:>8,.0f} bytes  {AWS:.1f} K")
    held = ram(program)
    buffers = held.pop("block_buffer")
    beside = sum(held.values())
    print("RAM")
    print(f"  {'one block buffer of 4 KiB, which holds the order before':<52}{buffers:>8,} bytes")
    for name, size in sorted(held.items(), key=lambda row: -row[1]):
        print(f"  {name.removesuffix('_memory'):<52}{size:>8,} bytes")
    print(f"  {'beside the block buffer':<52}{beside:>8,} bytes  (bar: {RAM_BAR:,}, {'met' if beside <= RAM_BAR else 'missed'})")
    if not given.check:
        return 0
    return 0 if total <= AWS * 1024 and beside <= RAM_BAR else 1


if __name__ == "__main__":
    sys.exit(main())
