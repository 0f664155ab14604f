"""Pieces of a page: known markup gets in, anything else does not."""

import pytest

from kansym.figures.style import LIGHT
from kansym.report.html.environment import measured_markup, number_markup, unit_markup
from kansym.report.html.markup import MarkupError, trusted_mathml, trusted_svg

OPEN = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="72pt" height="36pt">'


def test_ids_of_a_drawing_and_their_references_get_the_prefix():
    drawing = (
        f'<?xml version="1.0"?><!DOCTYPE svg><!-- -->{OPEN}<title>no tip</title><metadata><x/></metadata><defs>'
        '<path id="m" d="M0 0"/><clipPath id="c"><rect/></clipPath></defs>'
        '<use xlink:href="#m" clip-path="url(#c)"/></svg>'
    )
    text = str(trusted_svg(drawing, "p-", 'a "label" <b>'))
    assert 'id="p-m"' in text and 'href="#p-m"' in text and 'id="p-c"' in text and 'clip-path="url(#p-c)"' in text
    assert "tip" not in text and "metadata" not in text and "DOCTYPE" not in text and "xlink" not in text
    assert 'aria-label="a &quot;label&quot; &lt;b&gt;"' in text and 'role="img"' in text
    assert "max-width:96px" in text and "height=" not in text.split(">")[0]


def test_colours_of_the_theme_become_properties_of_the_page():
    text = str(trusted_svg(f'{OPEN}<path style="fill:{LIGHT.ink};stroke:#123456"/></svg>', "p-", "x"))
    assert 'style="fill:var(--drawing-ink-0,#1c2128);stroke:#123456"' in text


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<foreignObject/>",
        '<path onload="alert(1)"/>',
        '<image xlink:href="https://example.org/x.png"/>',
        '<use xlink:href="other.svg#a"/>',
        '<path style="fill:url(https://example.org/#a)"/>',
        '<a xlink:href="#m"/>',
        '<animate attributeName="x"/>',
        '<p xmlns="http://www.w3.org/1999/xhtml"/>',
        "<path",
    ],
)
def test_drawings_hold_nothing_that_runs_or_refers_elsewhere(inside):
    with pytest.raises(MarkupError):
        trusted_svg(f"{OPEN}{inside}</svg>", "p-", "x")


def test_entities_are_refused():
    with pytest.raises(MarkupError, match="entities"):
        trusted_svg(f'<!DOCTYPE svg [<!ENTITY a "b">]>{OPEN}&a;</svg>', "p-", "x")


def test_a_formula_keeps_what_is_mathematics():
    text = trusted_mathml(
        '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi onclick="x()" mathvariant="normal">&lt;b&gt;</mi></math>',
        display=True,
        label='"<',
    )
    assert str(text) == ('<math display="block" alttext="&quot;&lt;"><mi mathvariant="normal">&lt;b&gt;</mi></math>')


@pytest.mark.parametrize("inside", ["<mi><script/></mi>", "<maction/>", "<mi>", '<a href="x"/>'])
def test_formulas_hold_nothing_else(inside):
    with pytest.raises(MarkupError):
        trusted_mathml(f"<math>{inside}</math>")


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("9.812(20)", "9.812(20)"),
        ("6.626(21)e-34", "6.626(21) × 10<sup>−34</sup>"),
        ("-3.1 ± 0.2", "−3.1 ± 0.2"),
        ("(6.63 ± 0.02)e5", "(6.63 ± 0.02) × 10<sup>5</sup>"),
        ("<b>", "&lt;b&gt;"),
        ("y = -2e-3*x", "y = -2e-3*x"),
        ("cm-long", "cm-long"),
    ],
)
def test_numbers(text, markup):
    assert str(number_markup(text)) == markup


@pytest.mark.parametrize(
    ("unit", "markup"),
    [
        (None, ""),
        ("1", ""),
        ("cm^3 MJy/sr", "cm<sup>3</sup> MJy/sr"),
        ("kg*m^-2", "kg·m<sup>−2</sup>"),
        ("yr/au^(3/2)", "yr/au<sup>3/2</sup>"),
        ("<m>^2", "&lt;m&gt;<sup>2</sup>"),
        ("(10^3 m s^-2)", "(10<sup>3</sup> m s<sup>−2</sup>)"),
    ],
)
def test_units(unit, markup):
    assert str(unit_markup(unit)) == markup


def test_numbers_with_units_in_words():
    line = "RMS residual 4.1e-17 kg m s^-2, 3e-16 of the spread of F"
    expected = "RMS residual 4.1 × 10<sup>-17</sup> kg m s<sup>−2</sup>, 3 × 10<sup>-16</sup> of the spread of F"
    assert str(measured_markup(line)).replace("<sup>−1", "<sup>-1") == expected
    assert "<script>" not in measured_markup("<script> m^2")
