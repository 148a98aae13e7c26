# SPDX-License-Identifier: Apache-2.0
"""C and Python sources as the checks see them: without comments and strings, cut into functions."""
import ast
import bisect
import os
import re

C_SUFFIXES = (".c", ".h", ".inc")
SKIPPED_DIRECTORIES = {".git", "__pycache__", "data", "corpus", "subprojects"}

TOKEN = re.compile(r"""
      (?P<comment> /\*.*?\*/ | //[^\n]* )
    | (?P<string>  "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' )
""", re.VERBOSE | re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\[^\n])*", re.MULTILINE)
FUNCTION = re.compile(r"([A-Za-z_]\w*)\s*\(")
KEYWORDS = {"if", "for", "while", "switch", "return", "sizeof", "do", "else", "__attribute__",
            "_Static_assert", "static_assert", "__typeof__", "typeof", "defined"}


def blank(text):
    """As many lines and columns, nothing in them."""
    return re.sub(r"[^\n\t]", " ", text)


def without_comments(text):
    return TOKEN.sub(lambda m: blank(m[0]) if m["comment"] else m[0], text)


def without_strings(text):
    """Comments are blank, strings are empty but keep their quotes."""
    def replace(m):
        if m["comment"]:
            return blank(m[0])
        return m[0][0] + blank(m[0][1:-1]) + m[0][-1]
    return TOKEN.sub(replace, text)


class Function:
    """A definition: its name, its lines, where it stands in the text."""

    def __init__(self, name, line, last_line, start, end):
        self.name, self.line, self.last_line = name, line, last_line
        self.start, self.end = start, end

    @property
    def lines(self):
        return self.last_line - self.line + 1


class CSource:
    """One C file."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.commentless = without_comments(text)
        self.code = without_strings(text)
        # Without directives: `#define f(x) do {` must not look like a function.
        self.plain = DIRECTIVE.sub(lambda m: blank(m[0]), self.code)
        self._starts = [0] + [m.end() for m in re.finditer("\n", text)]
        self.functions = list(self._find_functions())

    def line_of(self, offset):
        return bisect.bisect_right(self._starts, offset)

    def function_at(self, offset):
        for f in self.functions:
            if f.start <= offset < f.end:
                return f
        return None

    def _find_functions(self):
        depth, head = 0, 0
        for m in re.finditer(r"[{};]", self.plain):
            mark, offset = m[0], m.start()
            if mark == "{":
                if depth == 0:
                    name = self._function_name(self.plain[head:offset])
                    opening = (head, name)
                depth += 1
            elif mark == "}":
                depth = max(0, depth - 1)
                if depth == 0:
                    begin, name = opening if offset else (0, None)
                    if name:
                        first = begin + len(self.plain[begin:]) - len(self.plain[begin:].lstrip())
                        yield Function(name, self.line_of(first), self.line_of(offset), first,
                                       offset + 1)
                    head = offset + 1
            elif depth == 0:
                head = offset + 1

    @staticmethod
    def _function_name(head):
        """The name in `static int f(int a)`; None for `struct x`, `int a[] =`, `enum`."""
        if "=" in re.sub(r"\([^()]*\)", "", head) or not head.rstrip().endswith(")"):
            return None
        for m in FUNCTION.finditer(head):
            if m[1] not in KEYWORDS:
                return m[1]
        return None

    def calls(self, name):
        """(offset, arguments) of each call of NAME; not of members `x.name(` and `x->name(`."""
        for m in re.finditer(rf"(?<![\w.>\"])(?<!->){re.escape(name)}\s*\(", self.code):
            yield m.start(), self.arguments(m.end() - 1)

    def arguments(self, opening):
        """The arguments of the call whose "(" is at OPENING, strings included."""
        depth, start, found = 0, opening + 1, []
        for i in range(opening, len(self.code)):
            c = self.code[i]
            if c in "([{":
                depth += 1
            elif c in ")]}":
                depth -= 1
                if depth == 0:
                    found.append(self.commentless[start:i].strip())
                    return found
            elif c == "," and depth == 1:
                found.append(self.commentless[start:i].strip())
                start = i + 1
        return found


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def walk(root, directories):
    """The files below ROOT/DIRECTORY..., in order, as paths relative to ROOT."""
    for directory in directories:
        for path, names, files in os.walk(os.path.join(root, directory)):
            names[:] = sorted(n for n in names if n not in SKIPPED_DIRECTORIES)
            for name in sorted(files):
                yield os.path.relpath(os.path.join(path, name), root)


def is_c(path):
    return path.endswith(C_SUFFIXES)


def script_kind(path, text):
    """"python", "shell" or None."""
    first = text.partition("\n")[0]
    if path.endswith(".py") or first.startswith("#!") and "python" in first:
        return "python"
    if path.endswith(".sh") or re.match(r"#!.*\b(?:ba|da)?sh\b", first):
        return "shell"
    return None


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield Function(node.name, node.lineno, node.end_lineno, 0, 0)
