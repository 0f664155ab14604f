"""How the law was taken apart, in words."""

from kansym.symbolic.formula import Formula
from kansym.symbolic.steps import Step, StepKind

_WHOLE = Step(StepKind.WHOLE)

_MEANINGS = {
    StepKind.SCALING: "the target scales as powers of columns do",
    StepKind.UNITS: "the units leave only these combinations",
    StepKind.INNER: "two columns enter only as",
    StepKind.COORDINATE: "a better coordinate",
    StepKind.LINK: "simpler than the target itself",
    StepKind.NETWORK: "its edges were read as functions",
    StepKind.WHOLE: "no structure was needed, all in one step",
}

_FORMS = {
    "constant": "a constant",
    "linear": "a linear formula",
    "quadratic": "a square of a linear formula, or a sum of squares",
    "single": "one function of the column",
    "chain": "a function of a function",
    "product": "a product of functions",
    "sum": "a sum of functions",
    "sum of products": "a sum of products of functions",
    "polynomial": "a polynomial",
    "rational": "a quotient of polynomials",
    "rival": "a rival of an earlier pick, looked for on purpose",
}
"""Names of forms that are read in one step."""


def steps_shown(formula: Formula) -> tuple[Step, ...]:
    """The steps in their order; a single one where the formula was found without taking the table apart."""
    return formula.steps or (_WHOLE,)


def is_piece(step: Step) -> bool:
    """Whether the step reads a factor or a term on its own and takes it out."""
    return step.kind in (StepKind.FACTOR, StepKind.TERM)


def title(step: Step) -> str:
    """What a step does, in a few words."""
    match step.kind:
        case StepKind.SCALING | StepKind.UNITS:
            return f"{step.kind}: {step.fewer} {'column' if step.fewer == 1 else 'columns'} fewer"
        case StepKind.FACTOR | StepKind.TERM:
            return f"a {step.kind} comes off"
        case StepKind.LINK:
            return f"{step.name} of the target"
        case StepKind.NETWORK:
            return f"network {step.name}"
        case StepKind.WHOLE:
            return "read as it is"
        case StepKind.NAMED:
            return _FORMS.get(step.name, step.name)
        case StepKind.INNER | StepKind.COORDINATE:
            return str(step.kind)
    return str(step)


def meaning(step: Step) -> str:
    """What a step means, in a line; may be empty."""
    if step.kind is StepKind.NAMED:
        return "all in one step" if step.name in _FORMS else ""
    return _MEANINGS.get(step.kind, "")


def steps_in_words(formula: Formula) -> list[str]:
    """The steps as lines of text."""
    return [_line(step) for step in formula.steps]


def _line(step: Step) -> str:
    if is_piece(step):
        return str(step)
    made, words = ", ".join(map(str, step.expressions)), meaning(step)
    if not made:
        return f"{title(step)}: {words}" if words else title(step)
    return f"{title(step)}; {words}: {made}" if step.kind in (StepKind.SCALING, StepKind.UNITS) else f"{words} {made}"
