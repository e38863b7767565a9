# SPDX-License-Identifier: Apache-2.0
"""Reads an AWS API model (models/*.json) and answers what the emitters ask: names, order, reach, which members C++ sees."""
import json
import pathlib
import re

KEYWORDS = {"default", "operator", "namespace", "enum", "delete", "template", "register", "private", "public", "export",
            "union", "class", "struct", "new", "this", "and", "or", "not", "bool", "int", "long", "float", "double", "char",
            "auto", "const", "static", "for", "while", "if", "else", "do", "switch", "case", "return", "continue", "break"}
SCALARS = {"string": "std::string", "blob": "std::string", "integer": "std::int32_t", "long": "std::int64_t", "boolean": "bool",
           "double": "double", "float": "double", "timestamp": "Timestamp"}


def snake(name: str) -> str:
    """thingName -> thing_name, ETag -> etag, SSECustomerKeyMD5 -> sse_customer_key_md5."""
    text = name.replace("ETag", "Etag").replace("-", "_").replace(".", "_")
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", text)
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text).lower()
    return text + "_" if text in KEYWORDS else text


class Model:
    def __init__(self, path: pathlib.Path):
        data = json.loads(path.read_text())
        self.service = path.stem                       # iot-jobs-data
        self.namespace = path.stem.replace("-", "_")   # iot_jobs_data
        self.metadata, self.operations, self.shapes = data["metadata"], data["operations"], data["shapes"]

    def in_scope(self):
        return [op for op in self.operations.values() if not op.get("outOfScope")]

    def shape(self, name: str) -> dict:
        return self.shapes[name]

    def members(self, name: str):
        """(member name, member, shape, required) of a structure that C++ sees: a streaming body is not among them."""
        shape = self.shapes[name]
        required = set(shape.get("required", []))
        for member, ref in shape.get("members", {}).items():
            if ref.get("streaming") or self.shapes[ref["shape"]].get("streaming"):
                continue
            yield member, ref, self.shapes[ref["shape"]], member in required

    def cpp_type(self, name: str, structures: str = "") -> str:
        """`structures` stands before a structure's name: the namespace, for who needs it."""
        shape = self.shapes[name]
        kind = shape["type"]
        if kind in SCALARS:
            return SCALARS[kind]
        if kind == "structure":
            return structures + name
        if kind == "list":
            return f"std::vector<{self.cpp_type(shape['member']['shape'], structures)}>"
        if kind == "map":
            return f"std::map<std::string, {self.cpp_type(shape['value']['shape'], structures)}>"
        raise SystemExit(f"{self.service}: shape {name} has a type this generator was not told about: {kind}")

    def structures(self):
        """Structures that the in-scope operations and the errors reach, each after those it holds."""
        order, state = [], {}

        def visit(name: str):
            shape = self.shapes[name]
            if shape["type"] == "list":
                return visit(shape["member"]["shape"])
            if shape["type"] == "map":
                return visit(shape["value"]["shape"])
            if shape["type"] != "structure" or state.get(name) == "done":
                return None
            if state.get(name) == "open":
                raise SystemExit(f"{self.service}: {name} holds itself; teach the generator an indirection")
            state[name] = "open"
            for _, ref, _, _ in self.members(name):
                visit(ref["shape"])
            state[name] = "done"
            if not shape.get("exception"):
                order.append(name)
            return None

        for op in self.in_scope():
            for side in ("input", "output"):
                if side in op:
                    visit(op[side]["shape"])
        return order

    def enums(self):
        return {name: shape["enum"] for name, shape in self.shapes.items() if "enum" in shape}
