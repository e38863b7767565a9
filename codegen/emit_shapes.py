# SPDX-License-Identifier: Apache-2.0
"""api/SERVICE.hpp: plain structs, enum words and a tag per in-scope operation. Handlers include this and nothing heavier."""
from model import Model, snake


def emit(model: Model) -> str:
    out = [f"// Generated from models/{model.service}.json; not edited.", "#pragma once", '#include "base/time.hpp"',
           '#include "awsapi/nothing.hpp"', "#include <cstdint>", "#include <map>", "#include <optional>", "#include <string>",
           "#include <string_view>", "#include <vector>", f"namespace otabahn::api::{model.namespace} {{"]
    structures = model.structures()
    names = set(structures) | {op["name"] for op in model.in_scope()}
    for name, words in sorted(model.enums().items()):
        if name in names:
            name += "Word"
        out.append(f"namespace {name} {{")
        for word in words:
            constant = "".join(c if c.isalnum() else "_" for c in word) or "EMPTY"
            if constant[0].isdigit():
                constant = "_" + constant
            constant = constant + "_" if constant in ("default", "private", "public", "DOMAIN", "NULL", "delete") else constant
            out.append(f'inline constexpr std::string_view {constant} = "{word}";')
        out.append("}")
    for name in structures:
        out.append(f"struct {name} {{")
        for member, ref, _, required in model.members(name):
            kind = model.cpp_type(ref["shape"])
            out.append(f"    {kind} {snake(member)}{{}};" if required else f"    std::optional<{kind}> {snake(member)};")
        out.append("};")
    for op in model.in_scope():
        if op["name"] in structures:
            raise SystemExit(f"{model.service}: operation and structure share the name {op['name']}")
        sides = [op[side]["shape"] if side in op else "Nothing" for side in ("input", "output")]
        out.append(f"struct {op['name']} {{")
        out += [f"    using Input = {sides[0]};", f"    using Output = {sides[1]};"]
        out.append(f'    static constexpr std::string_view service = "{model.service}", name = "{op["name"]}";')
        out.append("};")
    out += [f"}}  // namespace otabahn::api::{model.namespace}", ""]
    return "\n".join(out)
