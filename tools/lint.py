#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: lint.py --build FOLDER   What a reviewer should not have to say: licence lines, formatting, clang-tidy."""
import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LICENSED = (".cpp", ".hpp", ".h", ".c", ".py", ".sh", ".cmake", ".sql")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    given = arguments.parse_args()
    files = [ROOT / name for name in subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()]
    problems = []
    for path in files:
        if path.suffix in LICENSED or path.name in ("CMakeLists.txt", "Makefile"):
            head = path.read_text(errors="replace").splitlines()[:2]
            if not any("SPDX-License-Identifier: Apache-2.0" in line for line in head):
                problems.append(f"{path.relative_to(ROOT)}: no SPDX line on top")
    sources = [path for path in files if path.suffix in (".cpp", ".hpp")]
    formatted = subprocess.run(["clang-format", "--dry-run", "-Werror", *sources], capture_output=True, text=True)
    problems += sorted({line.split(":")[0] + ": not formatted (make format)" for line in formatted.stderr.splitlines() if "error:" in line})
    checked = [path for path in sources if path.suffix == ".cpp" and not path.name.endswith("_test.cpp") and "fuzz" not in path.parts]
    tidy = subprocess.run(["run-clang-tidy", "-quiet", "-p", given.build, *[f"^{path}$" for path in checked]], capture_output=True, text=True)
    problems += sorted({line for line in tidy.stdout.splitlines() if ": error:" in line or ": warning:" in line})
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems in {len(files)} files")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
