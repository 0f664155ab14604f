r"""Reads the LaTeX that kansym writes back as a number: the oracle for signs, parentheses and the order of operations.

A sum of products of factors; a factor is a number, a name, ``\frac{}{}``, ``\sqrt[n]{}``, a function with or without
parentheses, bars, or a group, each with an exponent. A stroke binds like a fraction: what follows it up to the next
space is below.
"""

import re

import mpmath

FUNCTIONS = {
    r"\exp": mpmath.exp, r"\ln": mpmath.log, r"\sin": mpmath.sin, r"\cos": mpmath.cos, r"\tan": mpmath.tan,
    r"\cot": mpmath.cot, r"\sec": mpmath.sec, r"\csc": mpmath.csc, r"\arcsin": mpmath.asin, r"\arccos": mpmath.acos,
    r"\arctan": mpmath.atan, r"\sinh": mpmath.sinh, r"\cosh": mpmath.cosh, r"\tanh": mpmath.tanh, r"\coth": mpmath.coth,
    r"\mathrm{sech}": mpmath.sech, r"\mathrm{csch}": mpmath.csch, r"\mathrm{arsinh}": mpmath.asinh,
    r"\mathrm{arcosh}": mpmath.acosh, r"\mathrm{artanh}": mpmath.atanh, r"\mathrm{erf}": mpmath.erf,
    r"\mathrm{erfc}": mpmath.erfc, r"\mathrm{sgn}": mpmath.sign, r"\Gamma": mpmath.gamma, r"\ln\Gamma": mpmath.loggamma,
    r"\mathrm{sinc}": mpmath.sinc, r"\mathrm{Ai}": mpmath.airyai, r"\mathrm{Bi}": mpmath.airybi,
    r"\mathrm{atan2}": mpmath.atan2, "W": mpmath.lambertw,
    r"\Theta": lambda x: (mpmath.sign(x) + 1) / 2,
}  # fmt: skip
BESSEL = {"J": mpmath.besselj, "Y": mpmath.bessely, "I": mpmath.besseli, "K": mpmath.besselk}
TOKEN = re.compile(r"\\mathrm\{(?:[^{}]|\{\})*\}|\\ln\\Gamma|\\[A-Za-z]+|\\[,|]|\d+\.?\d*|[A-Za-z]|.", re.DOTALL)


class Reader:
    """One pass over the tokens."""

    def __init__(self, text, values):
        # Bars open and close alike.
        text = text.replace(r"\left|", "⟨").replace(r"\right|", "⟩")
        self.tokens = [token for token in TOKEN.findall(text) if token not in (" ", r"\,", r"\left", r"\right")]
        self.values, self.at = values, 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, token):
        found = self.next()
        assert found == token, (found, token, self.tokens)

    def number(self):
        value = self.sum()
        assert self.at == len(self.tokens), self.tokens[self.at :]
        return value

    def sum(self):
        sign = -1 if self.peek() == "-" else 1
        self.at += sign < 0
        value = sign * self.product()
        while self.peek() in ("+", "-"):
            sign = 1 if self.next() == "+" else -1
            value += sign * self.product()
        return value

    def product(self):
        value = self.factor()
        while self.peek() and self.peek() not in ("+", "-", ")", "}", "]", "⟩", ",", "="):
            if self.peek() == "/":
                # The one before the stroke is the whole product so far, the one below it one factor.
                self.next()
                value = value / self.factor()
                assert self.peek() in ("", "+", "-", ")", "}", "]", "⟩", ","), (
                    "something follows what is below a stroke"
                )
                continue
            if self.peek() in (r"\times", r"\cdot"):
                self.next()
            value = value * self.factor()
        return value

    def factor(self):
        value = self.atom()
        if self.peek() == "^":
            self.next()
            value = mpmath.power(value, self.group())
        return value

    def group(self, opening="{", closing="}"):
        self.expect(opening)
        value = self.sum()
        self.expect(closing)
        return value

    def name(self, token):
        if self.peek() == "_":
            self.next()
            self.expect("{")
            index = ""
            while self.peek() != "}":
                index += self.next()
            self.next()
            return f"{token}_{{{index}}}"
        return token

    def atom(self):
        token = self.next()
        if re.fullmatch(r"\d+\.?\d*", token):
            return mpmath.mpf(token)
        if token == "(":
            self.at -= 1
            return self.group("(", ")")
        if token == r"\frac":
            above = self.group()
            return above / self.group()
        if token == r"\sqrt":
            degree = self.group("[", "]") if self.peek() == "[" else 2
            inside = self.group()
            return mpmath.sign(inside) * mpmath.root(abs(inside), int(degree)) if degree != 2 else mpmath.sqrt(inside)
        if token == "⟨":
            value = abs(self.sum())
            self.expect("⟩")
            return value
        if token in BESSEL and self.peek() == "_":
            start = self.at
            name = self.name(token)
            if name in self.values:
                return self.values[name]
            self.at = start + 1
            order = self.group()
            return self.call(lambda x: BESSEL[token](order, x))
        if token in FUNCTIONS and not (token == "W" and self.peek() != "("):
            return self.call(FUNCTIONS[token])
        name = self.name(token)
        if name in self.values:
            return self.values[name]
        return {r"\pi": mpmath.pi, "e": mpmath.e, r"\gamma": mpmath.euler, r"\varphi": mpmath.phi}[name]

    def call(self, function):
        power = 1
        if self.peek() == "^":
            self.next()
            power = self.group()
        if self.peek() == "(":
            self.next()
            arguments = [self.sum()]
            while self.peek() == ",":
                self.next()
                arguments.append(self.sum())
            self.expect(")")
        else:
            arguments = [self.atom()]
        return mpmath.power(function(*arguments), power)


def value_of(latex, values):
    """The number that a formula in LaTeX is, with values of its names in LaTeX."""
    with mpmath.workdps(40):
        return mpmath.mpmathify(Reader(latex, {name: mpmath.mpf(value) for name, value in values.items()}).number())
