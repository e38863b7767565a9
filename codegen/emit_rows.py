# SPDX-License-Identifier: Apache-2.0
"""api/SERVICE_rows.cpp: the model as the constant rows of src/awsapi/rows.hpp, and api/services.cpp, which lists the services."""

from emit_patterns import Patterns, text_literal
from model import Model, snake
from quirks import ENUMS_LEFT_TO_HANDLERS, GREEDY_LABELS, S3_ROOTS

FAMILIES = {"rest-json": "rest_json", "rest-xml": "rest_xml", "query": "query", "json": "json_1_1"}
KINDS = {"string": "string", "blob": "blob", "integer": "integer", "long": "long_integer", "boolean": "boolean", "double": "decimal",
         "float": "decimal", "timestamp": "timestamp", "structure": "structure", "list": "list", "map": "map"}
LOCATIONS = {None: "body", "uri": "uri", "querystring": "query", "header": "header", "headers": "headers", "statusCode": "status"}
TIMESTAMPS = {None: "by_place", "iso8601": "iso8601", "rfc822": "rfc822", "unixTimestamp": "epoch_seconds"}


def identifier(service: str) -> str:
    return service.replace("-", "_")


class Rows:
    def __init__(self, model: Model, patterns: Patterns):
        self.model, self.patterns = model, patterns
        self.out, self.done, self.judged = [], set(), self.reached_by_inputs()
        self.whole = {op[side]["shape"] for op in model.in_scope() for side in ("input", "output") if side in op}

    def fail(self, why: str):
        raise SystemExit(f"{self.model.service}: {why}")

    def reached_by_inputs(self) -> set:
        """Only what a client sends is judged, so only its patterns are compiled."""
        seen = set()

        def visit(name: str):
            if name in seen:
                return
            seen.add(name)
            shape = self.model.shapes[name]
            for ref in [*shape.get("members", {}).values(), *(shape[part] for part in ("member", "key", "value") if part in shape)]:
                visit(ref["shape"])

        for op in self.model.in_scope():
            if "input" in op:
                visit(op["input"]["shape"])
        return seen

    def member_row(self, owner: str, member: str, ref: dict, required: bool) -> str:
        shape = self.model.shapes[ref["shape"]]
        kind = self.model.cpp_type(ref["shape"], "api::" + self.model.namespace + "::")
        location = ref.get("location")
        if location not in LOCATIONS:
            self.fail(f"{owner}.{member} has a location this generator was not told about: {location}")
        fields = [f'.name = "{member}"', f'.wire_name = "{ref.get("locationName", member)}"', f".shape = &{self.shape(ref['shape'])}",
                  f".offset = offsetof(api::{self.model.namespace}::{owner}, {snake(member)})"]
        if not required:
            fields.append(f".optional = &optional_ops<{kind}>")
        if location:
            fields.append(f".location = Location::{LOCATIONS[location]}")
        flags = {"required": required, "flattened": ref.get("flattened") or shape.get("flattened"), "xml_attribute": ref.get("xmlAttribute"),
                 "json_value": ref.get("jsonvalue"), "idempotency_token": ref.get("idempotencyToken")}
        fields += [f".{name} = true" for name, value in flags.items() if value]
        if "xmlNamespace" in ref:
            fields.append(f'.xml_namespace = "{ref["xmlNamespace"]["uri"]}"')
        return "    {" + ", ".join(fields) + "},"

    def shape(self, name: str) -> str:
        """Emits the shape's row after what it names, once; gives its C++ name."""
        row = f"shape_{name}"
        if name in self.done:
            return row
        self.done.add(name)
        shape, model = self.model.shapes[name], self.model
        kind = shape["type"]
        if kind not in KINDS:
            self.fail(f"shape {name} has a type this generator was not told about: {kind}")
        fields = [f'.name = "{name}"', f".kind = Kind::{KINDS[kind]}"]
        for bound in ("min", "max"):
            if bound in shape:
                fields.append(f".has_{bound} = true")
        fields += [f".{bound} = {shape[bound]}" for bound in ("min", "max") if bound in shape]
        if "pattern" in shape and name in self.judged and kind == "string":
            pattern = self.patterns.reference(shape["pattern"], f"{model.service} {name}")
            if pattern:
                fields.append(f".pattern = &{pattern}")
        if "enum" in shape and (model.service, name) not in ENUMS_LEFT_TO_HANDLERS:
            self.out.append(f"constexpr std::string_view words_{name}[] = {{{', '.join(map(text_literal, shape['enum']))}}};")
            fields.append(f".words = words_{name}")
        if shape.get("timestampFormat"):
            fields.append(f".timestamp = TimestampForm::{TIMESTAMPS[shape['timestampFormat']]}")
        if shape.get("sensitive"):
            fields.append(".sensitive = true")
        if kind == "structure":
            members = list(model.members(name))
            rows = [self.member_row(name, member, ref, required) for member, ref, _, required in members]
            if rows:
                self.out += [f"constexpr MemberRow members_{name}[] = {{", *rows, "};"]
                fields.append(f".members = members_{name}")
            payload = shape.get("payload")
            if payload:
                names = [member for member, *_ in members]
                held = model.shapes[shape["members"][payload]["shape"]]["type"]
                if held not in (("structure", "string", "blob") if model.metadata["protocol"] == "rest-xml" else ("string", "blob")):
                    self.fail(f"{name} has a payload of a kind that the walker does not know: {held}")
                fields.append(f".payload = &members_{name}[{names.index(payload)}]" if payload in names else ".streaming_payload = true")
        if shape.get("flattened"):
            fields.append(".flattened = true")
        if "xmlNamespace" in shape:
            fields.append(f'.xml_prefix = "{shape["xmlNamespace"].get("prefix", "")}"')
            fields.append(f'.xml_namespace = "{shape["xmlNamespace"]["uri"]}"')
        namespace = "api::" + model.namespace + "::"
        if name in self.whole:
            fields.append(f".structure = &structure_ops<{namespace}{name}>")
        if kind == "list":
            element = shape["member"]["shape"]
            if model.shapes[element]["type"] == "boolean":
                self.fail(f"{name} is a list of booleans; std::vector<bool> has no addresses")
            fields.append(f".element = &{self.shape(element)}")
            fields.append(f'.element_name = "{shape["member"].get("locationName", "member")}"')
            fields.append(f".list = &list_ops<{model.cpp_type(element, namespace)}>")
        if kind == "map":
            fields.append(f".element = &{self.shape(shape['value']['shape'])}")
            fields.append(f".key = &{self.shape(shape['key']['shape'])}")
            fields.append(f".map = &map_ops<{model.cpp_type(shape['value']['shape'], namespace)}>")
        self.out.append(f"constexpr ShapeRow {row}{{{', '.join(fields)}}};")
        return row

    def errors(self) -> list:
        rows = []
        for name, shape in self.model.shapes.items():
            if not shape.get("exception"):
                continue
            error = shape.get("error", {})
            status = error.get("httpStatusCode", 500 if shape.get("fault") else 400)
            fields = [f'.name = "{name}"', f'.code = "{error.get("code", name)}"', f".status = {status}"]
            if status >= 500:
                fields.append(".sender_fault = false")
            extra = [ref.get("locationName", member) for member, ref in shape.get("members", {}).items() if member.lower() != "message"]
            if extra:
                self.out.append(f"constexpr std::string_view fields_{name}[] = {{{', '.join(map(text_literal, extra))}}};")
                fields.append(f".fields = fields_{name}")
            rows.append((name, "    {" + ", ".join(fields) + "},"))
        self.out += ["constexpr ErrorRow errors[] = {", *(row for _, row in rows), "};"]
        return [name for name, _ in rows]

    def operation_row(self, op: dict, errors: list) -> str:
        model, name = self.model, op["name"]
        path, _, query = op["http"]["requestUri"].partition("?")
        for service, label in GREEDY_LABELS:
            if service == model.service:
                path = path.replace("{" + label + "}", "{" + label + "+}")
        fields = [f".service = &service_{identifier(model.service)}", f'.name = "{name}"', f'.method = "{op["http"]["method"]}"', f'.path = "{path}"']
        if query:
            pairs = [part.partition("=")[::2] for part in query.split("&")]
            self.out.append(f"constexpr Marker markers_{name}[] = {{{', '.join(f'{{{text_literal(k)}, {text_literal(v)}}}' for k, v in pairs)}}};")
            fields.append(f".markers = markers_{name}")
        if not op.get("outOfScope"):
            fields.append(".in_scope = true")
        if op["http"].get("responseCode", 200) != 200:
            fields.append(f".success_status = {op['http']['responseCode']}")
        if not op.get("outOfScope"):
            members = list(model.members(op["input"]["shape"])) if "input" in op else []
            for location, field in (("querystring", "required_query"), ("header", "required_headers")):
                names = [ref.get("locationName", member) for member, ref, _, required in members if required and ref.get("location") == location]
                if names:
                    self.out.append(f"constexpr std::string_view {field}_{name}[] = {{{', '.join(map(text_literal, names))}}};")
                    fields.append(f".{field} = {field}_{name}")
            for side in ("input", "output"):
                if side in op:
                    fields.append(f".{side} = &{self.shape(op[side]['shape'])}")
            root = self.root(op)
            if root:
                fields.append(f'.xml_root = "{root}"')
            thrown = [error["shape"] for error in op.get("errors", [])]
            if thrown:
                self.out.append(f"constexpr const ErrorRow* errors_{name}[] = {{{', '.join(f'&errors[{errors.index(e)}]' for e in thrown)}}};")
                fields.append(f".errors = errors_{name}")
        return "    {" + ", ".join(fields) + "},"

    def root(self, op: dict) -> str:
        protocol = self.model.metadata["protocol"]
        if "output" not in op:
            return ""
        if protocol == "query":
            return op["output"].get("resultWrapper") or self.fail(f"{op['name']} has an output and no resultWrapper")
        if protocol != "rest-xml":
            return ""
        shape = self.model.shapes[op["output"]["shape"]]
        payload = shape.get("payload")
        if payload:
            needed = self.model.shapes[shape["members"][payload]["shape"]]["type"] == "structure"
        else:
            needed = any(not ref.get("location") for ref in shape.get("members", {}).values())
        if needed and op["name"] not in S3_ROOTS:
            self.fail(f"{op['name']} answers with XML, and codegen/quirks.py has no root element for it")
        return S3_ROOTS[op["name"]] if needed else ""

    def emit(self) -> str:
        model, meta = self.model, self.model.metadata
        if meta["protocol"] not in FAMILIES:
            self.fail(f"a protocol this generator was not told about: {meta['protocol']}")
        errors = self.errors()
        rows = [self.operation_row(op, errors) for op in model.operations.values()]
        service = [f'.name = "{model.service}"', f".family = Family::{FAMILIES[meta['protocol']]}",
                   f'.signing_name = "{meta.get("signingName", meta["endpointPrefix"])}"', f'.api_version = "{meta["apiVersion"]}"']
        namespace = meta.get("xmlNamespace") or ("http://s3.amazonaws.com/doc/2006-03-01/" if model.service == "s3" else "")
        if namespace:
            service.append(f'.xml_namespace = "{namespace}"')
        if meta.get("targetPrefix"):
            service.append(f'.target_prefix = "{meta["targetPrefix"]}"')
        name = identifier(model.service)
        return "\n".join([
            f"// Generated from models/{model.service}.json; not edited.", f'#include "api/{model.service}.hpp"', '#include "api/patterns.hpp"',
            '#include "api/services.hpp"', '#include "awsapi/row_ops.hpp"', "#include <cstddef>",
            "// offsetof of a struct that holds a std::map is \"conditionally supported\": g++ and clang do support it.",
            '#pragma GCC diagnostic ignored "-Winvalid-offsetof"', "namespace otabahn::awsapi {", "namespace {",
            "using Marker = std::pair<std::string_view, std::string_view>;", *self.out,
            "constexpr OperationRow operations[] = {", *rows, "};", "}",
            f"const ServiceRow service_{name}{{{', '.join(service)}, .operations = operations, .errors = errors}};",
            "}  // namespace otabahn::awsapi", ""])


def services_header(models: list) -> str:
    return "\n".join(["// Generated from models/*.json; not edited.", "#pragma once", '#include "awsapi/rows.hpp"', "namespace otabahn::awsapi {",
                      *(f"extern const ServiceRow service_{identifier(m.service)};" for m in models), "}  // namespace otabahn::awsapi", ""])


def services_source(models: list) -> str:
    names = ", ".join(f"&service_{identifier(m.service)}" for m in models)
    return "\n".join(["// Generated from models/*.json; not edited.", '#include "api/services.hpp"', "namespace otabahn::awsapi {",
                      "namespace {", f"constexpr const ServiceRow* all[] = {{{names}}};", "}",
                      "std::span<const ServiceRow* const> services() { return all; }", "}  // namespace otabahn::awsapi", ""])
