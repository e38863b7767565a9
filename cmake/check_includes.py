#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails the build on an include that points past what a folder declares.

usage: check_includes.py SOURCE_DIR MODULES_FILE
MODULES_FILE has a line per folder: `FOLDER NAME dep,dep|test_dep,test_dep`, in the order of CMake's add_subdirectory:
a dependency must stand above the folder that names it, so the declared graph has no cycle.
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def main() -> int:
    root, modules_file = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    folders, order = {}, []
    for line in modules_file.read_text().splitlines():
        if not line.strip():
            continue
        folder, name, rest = line.split(" ", 2) if line.count(" ") >= 2 else (*line.split(" "), "|")
        deps, test_deps = rest.split("|")
        folders[name] = (folder, [d for d in deps.split(",") if d], [d for d in test_deps.split(",") if d])
        order.append(name)
    prefix_of = {name: re.sub(r"^src/", "", folder) + "/" for name, (folder, _, _) in folders.items()}
    problems = []
    for position, name in enumerate(order):
        folder, deps, test_deps = folders[name]
        for dep in deps:
            if dep not in order[:position]:
                problems.append(f"{folder}: depends on '{dep}', which does not stand before it")
        for file in sorted((root / folder).glob("*.[ch]pp")):
            allowed = {name, *deps} | (set(test_deps) if file.name.endswith(("_test.cpp", "_test.hpp")) else set())
            for number, text in enumerate(file.read_text().splitlines(), 1):
                found = INCLUDE.match(text)
                if not found:
                    continue
                path = found.group(1)
                if path.startswith("api/"):
                    target = "awsapi"
                else:
                    owners = [n for n, prefix in prefix_of.items() if path.startswith(prefix) and "/" not in path[len(prefix):]]
                    if not owners:
                        problems.append(f"{file.relative_to(root)}:{number}: \"{path}\" belongs to no folder; include by full path")
                        continue
                    target = owners[0]
                if target not in allowed:
                    problems.append(f"{file.relative_to(root)}:{number}: \"{path}\" is of '{target}', which {folder} does not declare")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
