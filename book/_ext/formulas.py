"""The plain maths of the docstrings, which help() shows as it is, as LaTeX: no library reads this notation."""

import re

TOKEN = re.compile(
    r"""\s*(?:"(?P<text>[^"]*)"
    |(?P<word>,?\s*\b(?:where|with|that\ is|if|else|or|and|for)\b,?)
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<name>∂|[A-Za-z]+\d*(?:_[A-Za-z0-9]+)*)
    |(?P<sign>\.\.\.|[<>!]=|[-=<>+*/.,:;|()\[\]{}^_]))""",
    re.VERBOSE,
)
KNOWN = {name: rf"\{name}" for name in ("exp", "ln", "sin", "cos", "tanh", "sum", "min", "alpha")}
KNOWN |= {name: rf"\operatorname{{{name}}}" for name in ("softmax", "relu", "norm", "part", "GRU")}
KNOWN |= {"argmax": r"\operatorname*{arg\,max}", "log2": r"\log_2", "∂": r"\partial "}
BETWEEN = {"<=": r"\le ", ">=": r"\ge ", "!=": r"\ne ", "|": r"\mid ", ",": r",\;", ";": r";\;"}
BETWEEN |= {sign: sign for sign in "=<>:"}
CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|"}


class Group(str):
    """What stood in parentheses, which a fraction does not need: `inner` is without them."""

    inner = ""


class Formula:
    """Reads a formula from left to right; each rule, from the loosest to the tightest, is a method that gives LaTeX."""

    def __init__(self, text):
        self.text, self.tokens, at = text, [], 0
        while at < len(text):
            found = TOKEN.match(text, at)
            if not found:
                raise self.error(f"{text[at:]!r} is no part of the notation")
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self.tokens.append(("end", "the end"))

    def error(self, why):
        return ValueError(f"cannot read the formula {self.text!r}: {why}")

    def next(self, *signs):
        """Take the next token if it is one of these signs."""
        kind, value = self.tokens[0]
        return self.tokens.pop(0)[1] if kind == "sign" and value in signs else ""

    def all(self, until="the end", small=False):
        """Sums, and what stands between them: relations, commas, words."""
        parts = []
        while self.tokens[0][1] != until:
            kind, value = self.tokens[0]
            if kind in ("text", "word"):
                self.tokens.pop(0)
                before, after = ("" if value.startswith(",") else " ", " ") if kind == "word" else ("", "")
                parts.append(rf"\text{{{before}{value}{after}}}")
            elif (value != "|" or parts) and (sign := self.next(*BETWEEN)):  # what begins with | is |a|
                parts.append(sign if small else BETWEEN[sign])
            else:
                parts.append(self.sum(small))
        if not parts:
            raise self.error(f"nothing stands before {until!r}")
        self.tokens.pop(0)
        return "".join(parts)

    def sum(self, small):
        result = self.next("-") + self.fraction(small)
        while sign := self.next("+", "-"):
            result += sign + self.fraction(small)
        return result

    def fraction(self, small):
        start = self.tokens[:]
        above = self.product(small)
        if not self.next("/"):
            return above
        if not small and r"\frac" in above:  # no fraction inside a fraction
            self.tokens = start
            above = self.product(small=True)
            self.next("/")
        below = self.product(small=True)
        if small:
            return f"{above}/{below}"
        return rf"\frac{{{getattr(above, 'inner', above)}}}{{{getattr(below, 'inner', below)}}}"

    def product(self, small):
        result = last = self.power(small)
        while True:
            kind, value = self.tokens[0]
            if self.next("*", "."):
                last = self.power(small)
                result += rf"\cdot {last}"
            elif kind in ("number", "name") or value in ("(", "[", "..."):
                factor = self.power(small)
                words = last.startswith(r"\text") or factor.startswith(r"\text") and last[0] != "\\"
                result += r"\!" if factor.startswith(r"\left") else r"\," if words and value not in "([" else " "
                result += factor
                last = factor
            else:
                return result

    def power(self, small):
        result = self.atom(small)
        while sign := self.next("_", "^"):
            opening = self.next("(", "{")
            raised = self.all(CLOSING[opening], small=True) if opening else self.atom(True)
            raised = r"\top" if (sign, raised) == ("^", "T") else raised  # the book's transpose
            result += f"{sign}{{{raised}}}"
        return result

    def atom(self, small):
        kind, value = self.tokens.pop(0)
        if kind == "number":
            return value
        if kind == "name":
            return self.name(value)
        if value == "...":
            return r"\dots "
        if kind != "sign" or value not in CLOSING:
            raise self.error(f"{value!r} stands where a letter, a number or a bracket should")
        inner = self.all(CLOSING[value], small)
        left, right = (f"\\{sign}" if sign in "{}" else sign for sign in (value, CLOSING[value]))
        tall = any(high in inner for high in (r"\frac", r"\sum", r"\sqrt"))
        result = Group(rf"\left{left}{inner}\right{right}" if tall else f"{left}{inner}{right}")
        if value == "(":
            result.inner = inner
        return result

    def name(self, value):
        base, *below = value.split("_")
        if base == "sqrt":
            if not self.next("("):
                raise self.error("sqrt takes something in parentheses")
            return rf"\sqrt{{{self.all(')')}}}"
        if len(base) > 1 and any(len(part) > 2 for part in below):
            return rf"\text{{{value}}}".replace("_", r"\_")  # a long name with a line in it, such as one_hot
        result = KNOWN.get(base) or (base if len(base) == 1 else rf"\text{{{base}}}")
        below = ",".join(part if len(part) < 3 else rf"\text{{{part}}}" for part in below)
        return f"{result}_{{{below}}}" if below else result


def latex(formula):
    r"""Typeset a docstring's formula: "x_i / sqrt(d_k)" gives \frac{x_{i}}{\sqrt{d_{k}}}.

    What stands side by side is multiplied, and binds tighter than /, which draws a fraction; _ and ^ take one name or
    number, or what stands in () or {}; "..." is text, and so are: where, with, that is, if, else, or, and, for.

    Raises:
        ValueError: the formula is not in this notation.
    """
    return Formula(formula.strip()).all()
