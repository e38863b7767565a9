#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: run.py --build FOLDER --seconds N [--executions N] [--jobs N] [--only NAME]   Builds the fuzz targets and runs each on a
copy of its corpus, until so many seconds or executions have gone by. Exits 1 when one of them finds something."""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent


def run(target: pathlib.Path, seconds: int, executions: int):
    name = target.name.removesuffix("_fuzz")
    with tempfile.TemporaryDirectory() as work:
        seeds = HERE / "corpus" / name
        if seeds.exists():
            shutil.copytree(seeds, work, dirs_exist_ok=True)
        done = subprocess.run([target, work, f"-max_total_time={seconds}", f"-runs={executions}", "-rss_limit_mb=2048", "-timeout=20", "-print_final_stats=1",
                               "-artifact_prefix=./fuzz-finding-" + name + "-"], capture_output=True, text=True, errors="replace")
    ran = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
    return name, done.returncode, int(ran.group(1)) if ran else 0, done.stderr


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--executions", type=int, default=10_000_000)
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--only", action="append")
    given = arguments.parse_args()
    names = sorted(path.name.removesuffix("_fuzz.cpp") for path in HERE.glob("*_fuzz.cpp"))
    if given.only:
        names = [name for name in names if name in given.only]
    subprocess.run(["ninja", "-C", given.build, "-j", str(given.jobs), "--quiet", *[f"{name}_fuzz" for name in names]], check=True)
    targets = [given.build / "tests" / "fuzz" / f"{name}_fuzz" for name in names]
    failed = 0
    with ThreadPoolExecutor(given.jobs) as pool:
        for name, code, executions, log in pool.map(lambda target: run(target.resolve(), given.seconds, given.executions), targets):
            print(f"{name:<24} {executions:>12,} executions   {'nothing found' if code == 0 else f'FOUND (exit {code})'}", flush=True)
            if code != 0:
                failed += 1
                print(log[-4000:])
    print(f"{len(targets) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
