"""The certificate of a run in words for people who have not read its rules."""

from typing import Any

from kansym.validation.certificate import Certificate
from kansym.validation.text import certificate_rows, network_still, sentence
from kansym.validation.verdict import DESCRIPTION, LAW, NOTHING

VERDICTS = {
    LAW: (
        "law",
        "Law",
        "Nothing that was measured speaks against this formula being the law behind the table. A law that fits as well "
        "and was never tried would look the same.",
    ),
    DESCRIPTION: (
        "description",
        "Good description",
        "The formula describes this table and predicts rows like it. Something that was measured speaks against it "
        "being the law; do not rely on it outside of the data.",
    ),
    NOTHING: (
        "nothing",
        "No closed form found",
        "No formula was found that says more than chance, or as much as the data hold. Do not use the one above.",
    ),
}
"""Class, title and meaning of each verdict."""

MEANINGS = {
    "outliers": "Rows that a robust fit sets aside; all other tests are of the rows that are left.",
    "residual": (
        "Root mean square of data less formula. The second number is of rows that were held out when the constants "
        "were fitted, or of each row predicted from all others. The two should be alike."
    ),
    "network": "The same of the trained network. If it predicts clearly better, the formula misses something.",
    "1 - R^2": "The share of the variance of the target that the formula leaves.",
    "chi-squared": (
        "The squared residuals in units of the stated errors. It should be near the number of degrees of freedom; p is "
        "the chance of a larger value if formula and errors are right."
    ),
    "noise floor": "Residuals below this mean nothing: errors, repeated points, or the rounding of the table.",
    "bits": (
        "How much shorter the table can be written down with the formula than with its mean alone, less what the "
        "formula itself costs to write. Twenty bits are one in a million."
    ),
    "left-out variance": (
        "Whether the target depends on the inputs at all, asked without any formula, and whether the formula predicts "
        "a row that it has not seen as well as the best smooth curve does."
    ),
    "residuals": (
        "Residuals of a law are pure noise: zero on average, without trend, runs or neighbours that are alike, of the "
        "same scatter everywhere. p is the chance of what is seen if they are; below 0.01 it counts against a law."
    ),
    "anything left": "Whether a smooth function of the inputs can predict what the formula leaves.",
    "freed functions": (
        "Each function of the formula gets a spline beside it, and all constants are fitted anew: a right function "
        "stays where it is, a look-alike of the right one is moved. p is the chance of such a move if the function is "
        "right, corrected for their number. Functions of one argument within each other cannot be told apart."
    ),
    "repeated points": "Where the same inputs were measured repeatedly, their spread is the error, whatever the law.",
    "constants": (
        "Whether the data determine each constant on its own. One whose error is larger than its value, or for which "
        "others can make up, says that the formula is too long for these data."
    ),
    "nearest rival": (
        "The best formula of another form. Seven bits between it and the pick are odds of a hundred to one."
    ),
    "form": (
        "How probable it is that the law has this form, beside the most probable other and all that the search has not "
        "tried: of forms that are called 0.8, about eight in ten are right."
    ),
    "domain": (
        "Whether the formula has a finite, real value everywhere between the rows, and in a box that is 30 % larger on "
        "every side."
    ),
    "against network": "How far formula and network differ, between the rows and beyond them.",
    "ends left out": (
        "Whether the formula predicts the tenth of the rows at either end of each column when its constants are fitted "
        "to the others. What imitates a law in the middle of the data needs its ends."
    ),
    "30 % beyond": "Whether the formula goes on sensibly just outside of the data.",
    "all rows": "Residuals of all rows of a long table, averaged in stretches of every column.",
    "other seeds": "Whether searches that start from other random numbers find the same formula (option --agreement).",
    "rows drawn anew": "Whether searches of rows drawn with replacement find the same formula (option --bootstrap).",
    "other tools": "What other programs for the same task found on the same rows (kansym compare).",
}  # fmt: skip
"""What each measurement is, and what it should be."""


def certificate_values(certificate: Certificate | None) -> dict[str, Any] | None:
    """Verdict, grounds and measurements, each with its meaning; None without a certificate."""
    if certificate is None:
        return None
    verdict = certificate.verdict
    kind, title, meaning = VERDICTS[verdict.kind]
    tests: list[dict[str, Any]] = []
    for label, words in certificate_rows(certificate):
        if label:
            tests.append({"label": label, "words": [words], "meaning": MEANINGS.get(label, "")})
        else:
            tests[-1]["words"].append(words)
    return {
        "kind": kind,
        "title": title,
        "meaning": meaning,
        "reason": sentence(verdict.reason),
        "network": network_still(certificate) if verdict.kind == NOTHING else "",
        "supporting": list(verdict.supporting),
        "against": list(verdict.against),
        "tests": tests,
    }
