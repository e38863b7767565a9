# SPDX-License-Identifier: Apache-2.0
"""What the translation of patterns accepts, refuses, and cannot translate."""
import json
import pathlib
import re
import unittest

import patterns
from emit_patterns import Patterns, text_literal
from patterns import Compiled, Untranslatable

MODELS = sorted((pathlib.Path(__file__).parent.parent / "models").glob("*.json"))


def accepts(pattern, text):
    return Compiled(pattern).matches(text)


class PatternsTest(unittest.TestCase):
    def test_matches_are_whole(self):
        self.assertTrue(accepts("[a-c]+", "abc"))
        for text in ("", "abcd", "xabc", "abc\n"):
            self.assertFalse(accepts("[a-c]+", text))
        self.assertFalse(accepts("^[a-zA-Z0-9_]{2,}", "ab-"))

    def test_agrees_with_python_where_both_know_the_dialect(self):
        samples = ["", "a", "A", "0", "ab", "a-b", "a:b", "/", "/a/", "//", "aws:", "aws:x", "xaws:", "v1", "v0", "1.0", "=", "A=", "A==", "A===", "$next",
                   "arn:x", "arn:aws:acm:r:1:certificate/x", "0xff", "a.b@c", "a\nb", "a b", "x" * 65, "-a", "a-", "*.example.com", "example.com", "a/b/c"]
        compared = 0
        for file in MODELS:
            for shape in json.loads(file.read_text())["shapes"].values():
                pattern = shape.get("pattern", "")
                if not pattern or "\\p{" in pattern or "\\u1" in pattern or pattern.count("BEGIN") > 1:
                    continue
                compiled, python = Compiled(pattern), re.compile(pattern, re.ASCII)
                for text in samples:
                    if "." in pattern.replace("\\.", "") and "\n" in text:
                        continue  # Python's dot takes other line ends
                    self.assertEqual(compiled.matches(text), python.fullmatch(text) is not None, (pattern, text))
                    compared += 1
        self.assertGreater(compared, 1000)

    def test_one_class_repeated_becomes_a_run(self):
        compiled = Compiled("^([a-z]{2,5})$")
        self.assertEqual(compiled.run, (((0x61, 0x7A),), 2, 5))
        self.assertIsNone(Compiled("[a-z]+=?").run)

    def test_classes_of_unicode(self):
        self.assertTrue(accepts(r"[^\p{C}]+", "ü 漢 🚀"))
        for text in ("\n", "\u200d", "\ue000", "\u0378", "a\x00"):
            self.assertFalse(accepts(r"[^\p{C}]+", text))
        self.assertTrue(accepts(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "Größe ٣\u00a0漢-"))
        self.assertFalse(accepts(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "a#"))
        self.assertFalse(accepts(r"\p{Upper}", "Ä"))  # ASCII in Java
        self.assertTrue(accepts(r"\P{L}", "1"))

    def test_ranges_with_signs_in_them(self):
        pattern = "^(?!aws:)[a-zA-Z+-=._:/]+$"
        for text in ("a", "+", "=", "5", ";", "xaws:"):
            self.assertTrue(accepts(pattern, text))
        for text in ("aws:", "aws:a", "_ ", "{", "", "a\n"):
            self.assertFalse(accepts(pattern, text))
        self.assertTrue(accepts("[a-]+", "a-"))
        self.assertTrue(accepts("[\\w-]+", "a-"))
        self.assertFalse(accepts("[a\\-z]", "b"))

    def test_the_last_planes_of_sts(self):
        self.assertTrue(accepts(r"[\u0020-\u00FF\u10000-\u10FFFF]+", "a\U0001F680"))

    def test_accepts_everything_only_when_it_does(self):
        self.assertTrue(Compiled(r"[\s\S]*").accepts_everything())
        for pattern in (r"[\s\S]+", ".*", r"[\s\S]{0,9}", r"a|[\s\S]*"):
            self.assertFalse(Compiled(pattern).accepts_everything(), pattern)

    def test_what_it_was_not_told_about_is_refused(self):
        for pattern in ("(?=a)b", "(?<=a)b", "(?!a*)b", r"(a)\1", "a*?", "a++", "a**", "[a&&b]", "[a[b]]", "[z-a]", "a{2,x}", "a{", "(a", "a)", "[a",
                        r"\p{Klingon}", r"\bword", "a^b", "a$b", "*a", "(?i)a", r"\u12", "(?P<n>a)", "a{600}b"):
            with self.assertRaises(Untranslatable, msg=pattern):
                Compiled(pattern)

    def test_an_untranslatable_pattern_stops_the_build_by_its_name(self):
        with self.assertRaises(SystemExit) as stopped:
            Patterns().reference("(?<=a)b", "iot ThingName")
        self.assertIn("iot ThingName", str(stopped.exception))
        self.assertIn("(?<=a)b", str(stopped.exception))

    def test_a_listed_pattern_is_not_judged(self):
        patterns.NOT_JUDGED["(?<=a)b"] = "for this test"
        try:
            self.assertIsNone(Patterns().reference("(?<=a)b", "x"))
        finally:
            del patterns.NOT_JUDGED["(?<=a)b"]

    def test_each_exception_has_a_reason(self):
        for pattern, reason in patterns.NOT_JUDGED.items():
            self.assertGreater(len(reason), 20, pattern)

    def test_a_pattern_of_many_shapes_is_emitted_once(self):
        rows = Patterns()
        self.assertEqual(rows.reference("[a]+", "x"), rows.reference("[a]+", "y"))
        self.assertNotEqual(rows.reference("[b]+", "x"), rows.reference("[a]+", "y"))
        self.assertEqual(rows.source().count("PatternRow pattern_"), 2)

    def test_literals_are_ascii(self):
        self.assertEqual(text_literal('a"\\\nü'), '"a\\"\\\\\\012\\303\\274"')


if __name__ == "__main__":
    unittest.main()
