"""The part of an expression that is linear in one channel, told apart by derivatives: ``sum_i c_i * D_i(p) + rest``."""

from __future__ import annotations

from dataclasses import replace

from eqdsl.model.arithmetic import ONE, ZERO, add, divide, is_number, multiply, negate
from eqdsl.model.expr import Apply, ChannelRef, DefinitionRef, Diff, Expr, FluxDiff, Reduction
from eqdsl.model.facts import FactTable
from eqdsl.model.operator_form import AffineForm, Derivation, OperatorTerm


class NotAffine(Exception):
    """The expression is not linear in the channel; `part` is the smallest part that is not."""

    def __init__(self, part: Expr) -> None:
        super().__init__()
        self.part = part


class AffineReader:
    """Reads the forms of expressions in one channel; a shared part is read once.

    Parameters
    ----------
    channel : str
    facts : FactTable
    """

    def __init__(self, channel: str, facts: FactTable) -> None:
        self._channel, self._facts = channel, facts
        self._known: dict[Expr, AffineForm] = {}

    def form(self, expr: Expr) -> AffineForm:
        """The form of an expression.

        Raises
        ------
        NotAffine
            The channel stands in it in another way.
        """
        found = self._known.get(expr)
        if found is None:
            found = self._known[expr] = self._read(expr)
        return found

    def _free(self, expr: Expr) -> bool:
        return self._channel not in self._facts.of(expr).channels

    def _uniform(self, *parts: Expr) -> bool:
        return not any(self._facts.of(p).axes for p in parts)

    def _still(self, form: AffineForm, axis: str) -> bool:
        """Whether the coefficients do not vary along an axis, so that its derivative passes them by."""
        return form.exact and not any(self._facts.varies_along(t.coefficient, axis) for t in form.terms)

    def _read(self, expr: Expr) -> AffineForm:
        if self._free(expr):
            return AffineForm((), expr)
        match expr:
            case ChannelRef():
                return AffineForm((OperatorTerm(ONE),), ZERO, constant_free=False)
            case DefinitionRef():
                return self.form(self._facts.body(expr))
            case Apply("add", arguments):
                return self._sum([self.form(a) for a in arguments])
            case Apply("sub", (left, right)):
                return self._sum([self.form(left), self._scaled(self.form(right), negate(ONE))])
            case Apply("neg", (inner,)):
                return self._scaled(self.form(inner), negate(ONE))
            case Apply("div", (top, bottom)) if self._free(bottom):
                form = self._scaled(self.form(top), Apply("div", (ONE, bottom)))
                return replace(form, rest=divide(self.form(top).rest, bottom))
            case Apply("mul", arguments):
                inside = [a for a in arguments if not self._free(a)]
                if len(inside) == 1:
                    return self._scaled(self.form(inside[0]), multiply([a for a in arguments if a is not inside[0]]))
            case Apply("ifelse", (condition, *branches)) if self._free(condition):
                # Linear in each branch; where which one holds is left to the solver.
                forms = [self.form(b) for b in branches]
                free = all(f.constant_free for f in forms)
                return replace(self._sum(forms), exact=False, symmetric=False, constant_free=free)
            case Diff(argument, axis, order):
                return self._derivative(self.form(argument), Derivation(axis, order, False))
            case FluxDiff(coefficient, argument, axis) if self._free(coefficient):
                return self._flux(coefficient, self.form(argument), axis)
            case FluxDiff(coefficient, argument, axis) if self._free(argument):
                self.form(coefficient)
                return AffineForm((), ZERO, exact=False, symmetric=False, constant_free=False)
            case Reduction(argument=argument):
                return self._reduction(expr, self.form(argument))
        raise NotAffine(expr)

    def _scaled(self, form: AffineForm, factor: Expr) -> AffineForm:
        terms = tuple(OperatorTerm(multiply([factor, t.coefficient]), t.derivations) for t in form.terms)
        pointwise = not any(t.derivations for t in form.terms)
        symmetric = form.symmetric and (pointwise or self._uniform(factor))
        return replace(form, terms=terms, rest=multiply([factor, form.rest]), symmetric=symmetric)

    def _sum(self, forms: list[AffineForm]) -> AffineForm:
        """The sum of forms; the same derivatives are put together, so that what cancels is seen to."""
        parts: dict[tuple[Derivation, ...], list[Expr]] = {}
        for term in (t for f in forms for t in f.terms):
            parts.setdefault(term.derivations, []).append(term.coefficient)
        summed = [OperatorTerm(add(coefficients), d) for d, coefficients in parts.items()]
        return AffineForm(
            tuple(t for t in summed if not is_number(t.coefficient, 0.0)),
            add([f.rest for f in forms]),
            all(f.exact for f in forms),
            all(f.symmetric for f in forms),
            all(f.constant_free for f in forms),
        )

    def _derivative(self, form: AffineForm, derivation: Derivation) -> AffineForm:
        axis, order = derivation.axis, derivation.order
        still = self._still(form, axis)
        even = order % 2 == 0 and all(
            self._uniform(t.coefficient) and all(d.order % 2 == 0 for d in t.derivations) for t in form.terms
        )
        return AffineForm(
            tuple(OperatorTerm(t.coefficient, (*t.derivations, derivation)) for t in form.terms),
            ZERO if is_number(form.rest, 0.0) else Diff(form.rest, axis, order),
            exact=still,
            symmetric=still and form.symmetric and even,
            constant_free=form.constant_free or still,
        )

    def _flux(self, coefficient: Expr, form: AffineForm, axis: str) -> AffineForm:
        derivation = Derivation(axis, 2, True)
        plain = all(is_number(t.coefficient, 1.0) and not t.derivations for t in form.terms)
        still = self._still(form, axis)
        return AffineForm(
            tuple(OperatorTerm(multiply([coefficient, t.coefficient]), (*t.derivations, derivation))
                  for t in form.terms),
            ZERO if is_number(form.rest, 0.0) else FluxDiff(coefficient, form.rest, axis),
            exact=still and not self._facts.varies_along(coefficient, axis),
            symmetric=form.exact and plain,
            constant_free=form.constant_free or still,
        )  # fmt: skip

    def _reduction(self, whole: Reduction, form: AffineForm) -> AffineForm:
        """Of a plain variable the factor comes out; of a field every point depends on every other one."""
        rest = ZERO if is_number(form.rest, 0.0) else replace(whole, argument=form.rest)
        if form.algebraic and self._uniform(ChannelRef(self._channel)):
            terms = tuple(OperatorTerm(replace(whole, argument=t.coefficient)) for t in form.terms)
            return AffineForm(terms, rest, constant_free=False)
        return AffineForm((), rest, exact=False, symmetric=False, constant_free=form.constant_free)
