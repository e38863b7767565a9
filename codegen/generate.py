#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: generate.py OUTPUT_DIR MODEL.json...   Writes what the models say as C++; unchanged files are left untouched."""
import pathlib
import sys

import emit_shapes
from model import Model


def write(path: pathlib.Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def main() -> None:
    output = pathlib.Path(sys.argv[1])
    for file in sys.argv[2:]:
        model = Model(pathlib.Path(file))
        write(output / "api" / f"{model.service}.hpp", emit_shapes.emit(model))


if __name__ == "__main__":
    main()
