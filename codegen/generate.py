#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: generate.py OUTPUT_DIR MODEL.json...   Writes what the models say as C++; unchanged files are left untouched."""
import pathlib
import sys

import emit_rows
import emit_shapes
from emit_patterns import Patterns
from model import Model


def write(path: pathlib.Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def main() -> None:
    output = pathlib.Path(sys.argv[1]) / "api"
    models, patterns = [Model(pathlib.Path(file)) for file in sys.argv[2:]], Patterns()
    for model in models:
        write(output / f"{model.service}.hpp", emit_shapes.emit(model))
        write(output / f"{model.service}_rows.cpp", emit_rows.Rows(model, patterns).emit())
    write(output / "patterns.hpp", patterns.header())
    write(output / "patterns.cpp", patterns.source())
    write(output / "services.hpp", emit_rows.services_header(models))
    write(output / "services.cpp", emit_rows.services_source(models))


if __name__ == "__main__":
    main()
