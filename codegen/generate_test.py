# SPDX-License-Identifier: Apache-2.0
"""What the generator makes of small models, and what stops it."""
import json
import pathlib
import tempfile
import unittest

import emit_rows
import emit_shapes
from emit_patterns import Patterns
from model import Model, snake


def model(service="iot", protocol="rest-json", operations=None, shapes=None, **metadata):
    """A model of what is given; a file, because that is what Model reads."""
    data = {"metadata": {"protocol": protocol, "apiVersion": "2020-01-01", "endpointPrefix": service, **metadata},
            "operations": operations or {}, "shapes": shapes or {}}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"{service}.json"
        path.write_text(json.dumps(data))
        return Model(path)


def operation(name="Do", uri="/do/{id}", **more):
    return {name: {"name": name, "http": {"method": "POST", "requestUri": uri}, **more}}


def rows(of):
    return emit_rows.Rows(of, Patterns()).emit()


SHAPES = {
    "DoRequest": {"type": "structure", "required": ["id", "mode"], "members": {
        "id": {"shape": "Id", "location": "uri", "locationName": "id"}, "mode": {"shape": "Mode", "location": "querystring", "locationName": "m"},
        "tags": {"shape": "Tags"}}},
    "Id": {"type": "string", "min": 1, "max": 5, "pattern": "[a-z]+"},
    "Mode": {"type": "string", "enum": ["ON", "OFF"], "sensitive": True},
    "Tags": {"type": "list", "member": {"shape": "Id", "locationName": "Tag"}},
    "Gone": {"type": "structure", "members": {"message": {"shape": "Id"}, "resourceId": {"shape": "Id"}}, "error": {"httpStatusCode": 404}, "exception": True},
}


class GenerateTest(unittest.TestCase):
    def test_a_member_carries_all_that_the_model_says(self):
        text = rows(model(operations=operation(input={"shape": "DoRequest"}, errors=[{"shape": "Gone"}]), shapes=SHAPES))
        for piece in ('.name = "id", .wire_name = "id", .shape = &shape_Id', "offsetof(api::iot::DoRequest, id)", ".location = Location::uri, .required = true",
                      '.wire_name = "m"', ".has_min = true, .has_max = true, .min = 1, .max = 5, .pattern = &pattern_0", "words_Mode", ".sensitive = true",
                      ".optional = &optional_ops<std::vector<std::string>>", '.element_name = "Tag"', 'required_query_Do[] = {"m"}', ".status = 404",
                      'fields_Gone[] = {"resourceId"}', "errors_Do[] = {&errors[0]}"):
            self.assertIn(piece, text)

    def test_patterns_of_answers_alone_are_not_compiled(self):
        text = rows(model(operations=operation(output={"shape": "DoRequest"}), shapes=SHAPES))
        self.assertNotIn("pattern_", text)

    def test_operations_outside_the_scope_keep_their_route(self):
        text = rows(model(operations=operation(outOfScope=True)))
        self.assertIn('.name = "Do", .method = "POST", .path = "/do/{id}"}', text)
        self.assertNotIn("in_scope", text)

    def test_literal_queries_become_markers(self):
        text = rows(model(operations=operation(uri="/{b}?list-type=2&x", outOfScope=True)))
        self.assertIn('markers_Do[] = {{"list-type", "2"}, {"x", ""}}', text)

    def test_names_are_snake_case(self):
        for name, expected in {"thingName": "thing_name", "ETag": "etag", "SSECustomerKeyMD5": "sse_customer_key_md5", "default": "default_",
                               "x-amz": "x_amz", "roleARN": "role_arn"}.items():
            self.assertEqual(snake(name), expected)

    def test_a_required_member_is_plain_and_others_are_optional(self):
        text = emit_shapes.emit(model(operations=operation(input={"shape": "DoRequest"}), shapes=SHAPES))
        self.assertIn("    std::string id{};", text)
        self.assertIn("    std::optional<std::vector<std::string>> tags;", text)
        self.assertIn("using Output = Nothing;", text)

    def test_what_it_was_not_told_about_stops_it(self):
        def one(shape, **more):
            return model(operations=operation(input={"shape": "In"}, **more), shapes={"In": {"type": "structure", "members": {"a": {"shape": "A"}}}, "A": shape,
                                                                                      "B": {"type": "boolean"}})

        with self.assertRaisesRegex(SystemExit, "document"):
            rows(one({"type": "document"}))
        with self.assertRaisesRegex(SystemExit, "vector<bool>"):
            rows(one({"type": "list", "member": {"shape": "B"}}))
        with self.assertRaisesRegex(SystemExit, "cookie"):
            rows(model(operations=operation(input={"shape": "In"}),
                       shapes={"In": {"type": "structure", "members": {"a": {"shape": "A", "location": "cookie"}}}, "A": {"type": "string"}}))
        with self.assertRaisesRegex(SystemExit, "smithy"):
            rows(model(protocol="smithy-rpc-v2-cbor"))
        with self.assertRaisesRegex(SystemExit, "holds itself"):
            emit_shapes.emit(model(operations=operation(input={"shape": "In"}), shapes={"In": {"type": "structure", "members": {"a": {"shape": "In"}}}}))
        with self.assertRaisesRegex(SystemExit, "payload"):
            rows(model(operations=operation(input={"shape": "In"}), shapes={"In": {"type": "structure", "payload": "a", "members": {"a": {"shape": "S"}}},
                                                                            "S": {"type": "structure", "members": {}}}))

    def test_an_xml_answer_needs_a_root_element(self):
        shapes = {"Out": {"type": "structure", "members": {"a": {"shape": "A"}}}, "A": {"type": "string"}}
        with self.assertRaisesRegex(SystemExit, "no root element"):
            rows(model("s3", "rest-xml", operation(output={"shape": "Out"}), shapes))
        self.assertIn('.xml_root = "ListBucketResult"', rows(model("s3", "rest-xml", operation("ListObjects", output={"shape": "Out"}), shapes)))
        with self.assertRaisesRegex(SystemExit, "resultWrapper"):
            rows(model("iam", "query", operation(output={"shape": "Out"}), shapes))


if __name__ == "__main__":
    unittest.main()
