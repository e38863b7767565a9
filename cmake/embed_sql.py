#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns a folder's sql/*.sql into a header of named statements.

usage: embed_sql.py MODULE OUTPUT FILE.sql...
A file is a run of statements, each opened by a line `-- name: some_name`. `schema.sql` is one text, named `schema`:
its statements end with `;` at a line's end, and run in order when a store is made.
"""
import pathlib
import re
import sys

NAME = re.compile(r"^--\s*name:\s*([a-z_0-9]+)\s*$")


def statements(path: pathlib.Path):
    text = "\n".join(line for line in path.read_text().splitlines() if not line.startswith("-- SPDX"))
    if path.name == "schema.sql":
        yield "schema", text.strip()
        return
    name, lines = None, []
    for line in text.splitlines():
        found = NAME.match(line)
        if found:
            if name:
                yield name, "\n".join(lines).strip()
            name, lines = found.group(1), []
        elif name:
            if not line.lstrip().startswith("--"):
                lines.append(line)
        elif line.strip() and not line.lstrip().startswith("--"):
            sys.exit(f"{path}: text before the first '-- name:' line: {line}")
    if name:
        yield name, "\n".join(lines).strip()


def main() -> None:
    module, output, *files = sys.argv[1:]
    rows, seen = [], set()
    for file in sorted(map(pathlib.Path, files)):
        for name, text in statements(file):
            if name in seen:
                sys.exit(f"{file}: statement '{name}' stands twice in {module}")
            if not text:
                sys.exit(f"{file}: statement '{name}' is empty")
            seen.add(name)
            rows.append((name, text.rstrip(";") if name != "schema" else text))
    out = ["// Generated from this folder's sql/*.sql; not edited.", "#pragma once", "#include <array>", "#include <string_view>",
           "#include <utility>", f"namespace otabahn::{module}::sql {{"]
    for name, text in rows:
        out.append(f'inline constexpr std::string_view {name} = R"sql({text})sql";')
    named = [name for name, _ in rows if name != "schema"]
    out.append("// Every statement but the schema, for the test that prepares each on both engines.")
    out.append(f"inline constexpr std::array<std::pair<std::string_view, std::string_view>, {len(named)}> all{{{{")
    out += [f'    {{"{name}", {name}}},' for name in named]
    out += ["}};", f"}}  // namespace otabahn::{module}::sql", ""]
    path = pathlib.Path(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(out))


if __name__ == "__main__":
    main()
