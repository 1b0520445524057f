"""An expression as an operator on one channel: ``sum_i c_i * D_i(p) + rest``."""

from __future__ import annotations

from dataclasses import dataclass

from eqdsl.model.expr import Expr


@dataclass(frozen=True, slots=True)
class Derivation:
    """One derivative that acts on a channel: by a central stencil, or `flux` as a difference of fluxes."""

    axis: str
    order: int
    flux: bool


@dataclass(frozen=True, slots=True)
class OperatorTerm:
    """``coefficient * derivatives of a channel``; the coefficient does not hold the channel."""

    coefficient: Expr
    derivations: tuple[Derivation, ...] = ()


@dataclass(frozen=True, slots=True)
class AffineForm:
    """What an expression that is linear in a channel does with it, ``sum_i c_i * D_i(p) + rest``.

    Parameters
    ----------
    terms : tuple of OperatorTerm
    rest : Expr
        What is left where the channel is zero.
    exact : bool
        Whether the terms are the whole of it as discretised: coefficients under a derivative do not vary along it.
    symmetric : bool
        Whether it is its own transpose, walls aside: fluxes, even derivatives with the same coefficient everywhere.
    constant_free : bool
        Whether a constant channel gives nothing, as under derivatives.
    """

    terms: tuple[OperatorTerm, ...]
    rest: Expr
    exact: bool = True
    symmetric: bool = True
    constant_free: bool = True

    @property
    def algebraic(self) -> bool:
        """Whether the channel follows point by point."""
        return self.exact and not any(t.derivations for t in self.terms)
