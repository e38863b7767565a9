# SPDX-License-Identifier: Apache-2.0
"""api/patterns.hpp and api/patterns.cpp: every pattern that inputs reach, once, whatever service it is of."""
from patterns import compile_pattern


def text_literal(text: str) -> str:
    """A C++ string literal, ASCII only."""
    out = []
    for byte in text.encode():
        c = chr(byte)
        out.append("\\" + c if c in '"\\' else c if 0x20 <= byte < 0x7F else f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


class Patterns:
    def __init__(self):
        self.rows = {}  # text -> (index, Compiled) or None

    def reference(self, text: str, where: str) -> str | None:
        """The C++ name of the pattern's row; None: nothing to judge."""
        if text not in self.rows:
            compiled = compile_pattern(text, where)
            self.rows[text] = compiled and (sum(row is not None for row in self.rows.values()), compiled)
        row = self.rows[text]
        return row and f"pattern_{row[0]}"

    def compiled(self):
        return [row for row in self.rows.values() if row]

    def header(self) -> str:
        out = ["// Generated from models/*.json; not edited.", "#pragma once", '#include "awsapi/pattern.hpp"',
               "#include <span>", "namespace otabahn::awsapi {"]
        out += [f"extern const PatternRow pattern_{index};" for index, _ in self.compiled()]
        return "\n".join(out + ["}  // namespace otabahn::awsapi", ""])

    def source(self) -> str:
        classes = []

        def class_name(ranges):
            if ranges not in classes:
                classes.append(ranges)
            return f"class_{classes.index(ranges)}"

        rows = []
        for index, compiled in self.compiled():
            text = text_literal(compiled.text)
            if compiled.run:
                ranges, least, most = compiled.run
                rows.append(f"const PatternRow pattern_{index}{{{text}, &{class_name(ranges)}, {least}, "
                            f"{'PatternRow::no_bound' if most is None else most}, {{}}, {{}}, {{}}}};")
                continue
            program = compiled.program
            steps = ", ".join(f"{{Step::Kind::{kind}, {', '.join(map(str, [*args, 0, 0][:2]))}}}" for kind, *args in program.steps)
            used = ", ".join("&" + class_name(ranges) for ranges in program.classes)
            rows.append(f"constexpr Step steps_{index}[] = {{{steps}}};")
            rows.append(f"constexpr const CharacterClass* classes_{index}[] = {{{used}}};")
            literals = "{}"
            if program.literals:
                rows.append(f"constexpr std::string_view literals_{index}[] = {{{', '.join(map(text_literal, program.literals))}}};")
                literals = f"literals_{index}"
            rows.append(f"const PatternRow pattern_{index}{{{text}, nullptr, 0, 0, steps_{index}, classes_{index}, {literals}}};")
        tables = []
        for number, ranges in enumerate(classes):
            low = [0, 0, 0, 0]
            for first, last in ranges:
                for point in range(first, min(last, 255) + 1):
                    low[point // 64] |= 1 << point % 64
            high = [(max(first, 256), last) for first, last in ranges if last > 255]
            tables.append(f"constexpr CodePointRange high_{number}[] = {{{', '.join(f'{{{a:#x}, {b:#x}}}' for a, b in high) or '{1, 0}'}}};")
            tables.append(f"constexpr CharacterClass class_{number}{{{{{', '.join(f'{word:#x}U' for word in low)}}}, high_{number}}};")
        return "\n".join(["// Generated from models/*.json; not edited.", '#include "api/patterns.hpp"', "namespace otabahn::awsapi {",
                          "namespace {", *tables, *(row for row in rows if row.startswith("constexpr")), "}",
                          *(row for row in rows if not row.startswith("constexpr")), "}  // namespace otabahn::awsapi", ""])
