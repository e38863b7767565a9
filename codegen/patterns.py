# SPDX-License-Identifier: Apache-2.0
"""Turns an API model's patterns (Java's dialect, full match) into programs for the small matcher of src/awsapi/pattern.hpp.

Most patterns are one character class, repeated: those become a class table and two bounds. The rest becomes a program of
single steps that a list of states runs in time proportional to the text, whatever the text is. What this file was not told
about stops the build by an Untranslatable that names the pattern.
"""
import functools
import string
import sys
import unicodedata

LAST = 0x10FFFF
MOST_STEPS = 512

# Patterns that are deliberately not judged, each with its reason. Empty: all that inputs reach are translated.
NOT_JUDGED: dict[str, str] = {}


class Untranslatable(Exception):
    pass


# ---- sets of code points: sorted, disjoint, inclusive ranges

def union(*sets):
    out = []
    for low, high in sorted(r for s in sets for r in s):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], high))
        else:
            out.append((low, high))
    return tuple(out)


def complement(ranges):
    out, start = [], 0
    for low, high in ranges:
        if start < low:
            out.append((start, low - 1))
        start = high + 1
    if start <= LAST:
        out.append((start, LAST))
    return tuple(out)


@functools.cache
def category(prefix):
    """Every code point whose Unicode general category starts with the prefix: L, Z, N, C, Lu …"""
    out = []
    for point in range(LAST + 1):
        if unicodedata.category(chr(point)).startswith(prefix):
            if out and out[-1][1] == point - 1:
                out[-1][1] = point
            else:
                out.append([point, point])
    if not out:
        raise Untranslatable(f"no Unicode category is called {prefix}")
    return tuple(map(tuple, out))


EVERYTHING = ((0, LAST),)
DIGIT = ((0x30, 0x39),)
WORD = union(DIGIT, [(0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)])
SPACE = union([(0x09, 0x0D), (0x20, 0x20)])
LINE_END = union([(0x0A, 0x0A), (0x0D, 0x0D), (0x85, 0x85), (0x2028, 0x2029)])
NAMED = {  # Java's POSIX names are ASCII
    "Upper": ((0x41, 0x5A),), "Lower": ((0x61, 0x7A),), "Digit": DIGIT, "Alnum": union(DIGIT, [(0x41, 0x5A), (0x61, 0x7A)]),
    "Alpha": ((0x41, 0x5A), (0x61, 0x7A)), "Graph": ((0x21, 0x7E),), "Print": ((0x20, 0x7E),), "ASCII": ((0, 0x7F),),
    "Punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)), "XDigit": ((0x30, 0x39), (0x41, 0x46), (0x61, 0x66)),
}


class Parser:
    """pattern := alternative ('|' alternative)*. Nodes: ("class", ranges) ("seq", [n]) ("alt", [n]) ("repeat", n, least, most)
    ("not_ahead", text)."""

    def __init__(self, text):
        # STS writes the last planes as \u10000-\u10FFFF, which Java itself reads as \u1000, "0", …; what it means is plain.
        self.text = text.replace("\\u10000-\\u10FFFF", chr(0x10000) + "-" + chr(0x10FFFF))
        self.at = 0

    def fail(self, why):
        raise Untranslatable(f"{why}, at character {self.at} of {self.text!r}")

    def peek(self):
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self, text):
        if self.text.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def parse(self):
        node = self.alternatives()
        if self.at != len(self.text):
            self.fail("unbalanced parenthesis")
        return node

    def alternatives(self):
        options = [self.sequence()]
        while self.take("|"):
            options.append(self.sequence())
        return options[0] if len(options) == 1 else ("alt", options)

    def sequence(self):
        nodes = []
        while self.peek() not in ("", "|", ")"):
            if self.take("^"):
                if nodes:
                    self.fail("^ stands inside")
                continue  # the match is whole anyway
            if self.take("$"):
                if self.peek() not in ("", "|", ")"):
                    self.fail("$ stands inside")
                continue
            nodes.append(self.repeated())
        return nodes[0] if len(nodes) == 1 else ("seq", nodes)

    def repeated(self):
        node = self.atom()
        while True:
            if self.take("*"):
                node = ("repeat", node, 0, None)
            elif self.take("+"):
                node = ("repeat", node, 1, None)
            elif self.take("?"):
                node = ("repeat", node, 0, 1)
            elif self.peek() == "{":
                end = self.text.find("}", self.at)
                least, comma, most = self.text[self.at + 1:end].partition(",")
                if end < 0 or not least.isdigit() or (most and not most.isdigit()):
                    self.fail("odd bounds")
                self.at = end + 1
                node = ("repeat", node, int(least), int(most) if most else (None if comma else int(least)))
            else:
                return node
            if node[1][0] in ("repeat", "not_ahead"):
                self.fail("a repeat of a repeat (lazy or possessive?)")

    def atom(self):
        if self.take("(?!"):
            end = self.text.find(")", self.at)
            literal = self.text[self.at:end]
            if end < 0 or not literal or any(c in "\\[](){}|*+?.^$" for c in literal):
                self.fail("a negative lookahead that is no plain text")
            self.at = end + 1
            return ("not_ahead", literal)
        if self.take("(?:") or (self.peek() == "(" and not self.text.startswith("(?", self.at) and self.take("(")):
            node = self.alternatives()
            if not self.take(")"):
                self.fail("a group is not closed")
            return node
        if self.peek() == "(":
            self.fail("a group of an unknown kind")
        if self.take("["):
            return ("class", self.char_class())
        if self.take("."):
            return ("class", complement(LINE_END))
        if self.peek() in "*+?{":
            self.fail("nothing to repeat")
        return ("class", self.one())

    def escape(self):
        """After a backslash: a set of code points."""
        c = self.peek()
        self.at += 1
        if c == "p" or c == "P":
            if not self.take("{"):
                self.fail("\\p without a brace")
            end = self.text.find("}", self.at)
            name = self.text[self.at:end]
            self.at = end + 1
            ranges = NAMED[name] if name in NAMED else category(name)
            return complement(ranges) if c == "P" else ranges
        if c in "wWdDsS":
            ranges = {"w": WORD, "d": DIGIT, "s": SPACE}[c.lower()]
            return complement(ranges) if c.isupper() else ranges
        if c == "u" or c == "x":
            length = 4 if c == "u" else 2
            digits = self.text[self.at:self.at + length]
            self.at += length
            if len(digits) < length or not all(digit in string.hexdigits for digit in digits):
                self.fail("odd hexadecimal digits")
            return ((int(digits, 16), int(digits, 16)),)
        if c in "tnrf":
            point = {"t": 9, "n": 10, "r": 13, "f": 12}[c]
            return ((point, point),)
        if c == "" or c.isalnum():
            self.fail(f"an unknown escape \\{c}")
        return ((ord(c), ord(c)),)

    def one(self):
        c = self.text[self.at]
        self.at += 1
        if c == "\\":
            return self.escape()
        return ((ord(c), ord(c)),)

    def char_class(self):
        negated = self.take("^")
        sets, first = [], True
        while first or self.peek() != "]":
            if self.peek() == "" or self.text.startswith("&&", self.at) or (self.peek() == "[" and not first):
                self.fail("a character class of an unknown kind")
            first = False
            ranges = self.one()
            if self.peek() == "-" and self.text[self.at + 1:self.at + 2] not in ("]", ""):
                single = len(ranges) == 1 and ranges[0][0] == ranges[0][1]
                if single:
                    self.at += 1
                    upper = self.one()
                    if len(upper) != 1 or upper[0][0] != upper[0][1] or upper[0][0] < ranges[0][0]:
                        self.fail("a range that runs backwards")
                    ranges = ((ranges[0][0], upper[0][0]),)
            sets.append(ranges)
        self.at += 1
        ranges = union(*sets)
        return complement(ranges) if negated else ranges


class Program:
    """Steps: ("character", class index) ("split", a, b) ("jump", a) ("not_ahead", literal index) ("match",)."""

    def __init__(self):
        self.steps, self.classes, self.literals = [], [], []

    def add(self, *step):
        self.steps.append(step)
        if len(self.steps) > MOST_STEPS:
            raise Untranslatable(f"needs more than {MOST_STEPS} steps")
        return len(self.steps) - 1

    def index(self, table, value):
        if value not in table:
            table.append(value)
        return table.index(value)

    def emit(self, node):
        kind = node[0]
        if kind == "class":
            self.add("character", self.index(self.classes, node[1]))
        elif kind == "not_ahead":
            self.add("not_ahead", self.index(self.literals, node[1]))
        elif kind == "seq":
            for part in node[1]:
                self.emit(part)
        elif kind == "alt":
            ends = []
            for option in node[1][:-1]:
                split = self.add("split", 0, 0)
                self.emit(option)
                ends.append(self.add("jump", 0))
                self.steps[split] = ("split", split + 1, len(self.steps))
            self.emit(node[1][-1])
            for end in ends:
                self.steps[end] = ("jump", len(self.steps))
        else:
            _, inner, least, most = node
            for _ in range(least):
                self.emit(inner)
            if most is None:
                split = self.add("split", 0, 0)
                self.emit(inner)
                self.add("jump", split)
                self.steps[split] = ("split", split + 1, len(self.steps))
            else:
                splits = []
                for _ in range(most - least):
                    splits.append(self.add("split", 0, 0))
                    self.emit(inner)
                for split in splits:
                    self.steps[split] = ("split", split + 1, len(self.steps))


class Compiled:
    """run: (ranges, least, most or None) when the pattern is one class repeated; else program."""

    def __init__(self, text):
        self.text, self.run, self.program = text, None, None
        node = Parser(text).parse()
        if node[0] == "class":
            node = ("repeat", node, 1, 1)
        if node[0] == "repeat" and node[1][0] == "class":
            self.run = (node[1][1], node[2], node[3])
            return
        self.program = Program()
        self.program.emit(node)
        self.program.add("match")

    def accepts_everything(self):
        return self.run is not None and self.run[0] == EVERYTHING and self.run[1] == 0 and self.run[2] is None

    def matches(self, text):
        """What the C++ matcher does, for the generator's own tests."""
        points = [ord(c) for c in text]

        def inside(ranges, point):
            return any(low <= point <= high for low, high in ranges)

        if self.run:
            ranges, least, most = self.run
            return least <= len(points) <= (len(points) if most is None else most) and all(inside(ranges, p) for p in points)

        def closure(states, at):
            seen, stack = set(), list(states)
            while stack:
                state = stack.pop()
                if state in seen:
                    continue
                seen.add(state)
                step = self.program.steps[state]
                if step[0] == "split":
                    stack += step[1:]
                elif step[0] == "jump":
                    stack.append(step[1])
                elif step[0] == "not_ahead" and not text.startswith(self.program.literals[step[1]], at):
                    stack.append(state + 1)
            return seen

        states = closure([0], 0)
        for at, point in enumerate(points):
            states = closure([s + 1 for s in states if self.program.steps[s][0] == "character"
                              and inside(self.program.classes[self.program.steps[s][1]], point)], at + 1)
        return any(self.program.steps[s][0] == "match" for s in states)


def compile_pattern(text, where):
    """None: accepts everything, or is listed in NOT_JUDGED. An untranslatable pattern stops the build."""
    if text in NOT_JUDGED:
        return None
    try:
        compiled = Compiled(text)
    except Untranslatable as why:
        sys.exit(f"{where}: the pattern {text!r} cannot be translated: {why}. Teach codegen/patterns.py, or list it in NOT_JUDGED with the reason.")
    return None if compiled.accepts_everything() else compiled
