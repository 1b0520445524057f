"""Distillation: a formula for each output of the pointwise learned terms, and the model file that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eqdsl.analysis.check import check_source
from eqdsl.core.errors import EqdslError, ModelError
from eqdsl.inspection.data_fit import DataFit
from eqdsl.inspection.formula import Formula
from eqdsl.inspection.horizon import Rollouts, horizon_error, rollouts
from eqdsl.inspection.response import Response
from eqdsl.inspection.rewrite import distilled_source
from eqdsl.inspection.search import find_formulas
from eqdsl.inspection.units import named_coefficients
from eqdsl.inspection.wording import short
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.model import Model

WORSE = 10.0
"""Ratio of mean square errors from which on formulas are said to be worse than the learned terms."""


@dataclass(frozen=True)
class Comparison:
    """Mean square differences of rollouts on the same trajectories, over the channels that the data hold."""

    network_to_data: float
    formula_to_data: float
    formula_to_network: float

    @property
    def warning(self) -> str:
        """Where formulas predict the data much worse than what they stand for; empty where they do not."""
        if not self.formula_to_data > WORSE * self.network_to_data:
            return ""
        ratio = f"{short(self.formula_to_data / self.network_to_data)} x" if self.network_to_data else "infinitely"
        return (
            f"the formulas predict these data {ratio} worse than the learned terms: they lack something that matters. "
            "Fit longer, or to more data, before distilling"
        )


@dataclass(frozen=True)
class Distillation:
    """Formulas of the learned outputs and the file that holds them.

    Parameters
    ----------
    formulas : mapping of str to Formula
        By output name.
    refused : mapping of str to str
        Output name and why it has no formula.
    text : str or None
        The distilled ``.eq`` file; None when a learned term remains without a formula.
    comparison : Comparison or None
        None when there is no file, or a rollout failed (`note` says which).
    note : str
    """

    formulas: Mapping[str, Formula]
    refused: Mapping[str, str]
    text: str | None
    comparison: Comparison | None
    note: str = ""

    def formula(self, output: str) -> Formula | None:
        """The formula of an output, if it has one."""
        return self.formulas.get(output)

    def as_json(self) -> dict[str, object]:
        """Formulas with their errors, and the comparison of rollouts."""
        return {
            "formulas": {
                name: {
                    "text": f.text,
                    "r2": f.r2,
                    "terms": len(f.terms),
                    "max_error": f.max_error,
                    "rms_error": f.rms_error,
                    "linear_r2": f.linear_r2,
                }
                for name, f in self.formulas.items()
            },
            "refused": dict(self.refused),
            "comparison": vars(self.comparison) if self.comparison else None,
            "note": self.note,
        }

    def as_lines(self) -> list[str]:
        """One line per output, and the comparison."""
        lines = [
            f"{name} = {f.text}   (R² {f.r2:.6f}, {len(f.terms)} terms, largest error {f.max_error:.2g}; "
            f"best affine function R² {f.linear_r2:.4f})"
            for name, f in self.formulas.items()
        ]
        lines += [f"{name}: {reason}" for name, reason in self.refused.items()]
        if self.comparison:
            lines.append(
                f"rollouts, mean square: network to data {self.comparison.network_to_data:.3g}, formula to data "
                f"{self.comparison.formula_to_data:.3g}, formula to network {self.comparison.formula_to_network:.3g}"
            )
        return [*lines, self.note] if self.note else lines


def distil(
    vector_field: VectorField,
    responses: Mapping[str, Response],
    values: Mapping[str, float],
    compared: Rollouts | None,
    data: DataFit | None = None,
) -> Distillation:
    """Find the formulas, write the distilled model and compare its rollouts with the network's and the data.

    Parameters
    ----------
    vector_field : VectorField
        With fitted weights.
    responses : mapping
        From `learned_responses`, by term name.
    values : mapping
        Fitted parameters that are plain numbers.
    compared : Rollouts or None
        Those of `vector_field`; None when there are none to compare with.
    data : DataFit or None
        Training data that choose the formulas; without them a formula is what is closest to the network.
    """
    model = vector_field.model
    by_term = find_formulas({name: r for name, r in responses.items() if r.pointwise and not r.looks_back}, data)
    formulas = {
        output: formula
        for name, found in by_term.items()
        for output, formula in zip(responses[name].term.outputs, found, strict=True)
    }
    refused = {
        output: (
            "looks back on past frames, and formulas are sought of the present alone"
            if response.looks_back
            else "is another function in each environment, and formulas are sought for functions that all share"
            if response.term.scope is not None
            else "sees a neighbourhood of cells, and formulas are sought for pointwise terms only"
            if response.radius
            else "is made from the values at many points, and formulas are sought for pointwise terms only"
        )
        for name, response in responses.items()
        if not response.pointwise or response.looks_back
        for output in response.term.outputs
    }
    if model.encoders:
        starts = ", ".join(f"`{i.channel}`" for i in model.starts("encode"))
        note = f"no distilled file: the start of {starts} comes from a learned term"
        return Distillation(formulas, refused, None, None, note)
    if refused or not formulas:
        note = "no distilled file: " + ("some learned terms have no formula" if refused else "nothing is learned")
        return Distillation(formulas, refused, None, None, note)
    try:
        text, distilled = distilled_model(model, by_term, values)
    except ModelError as failure:
        note = f"no distilled file: the formulas do not pass the model's checks ({failure.diagnostics[0].message})"
        return Distillation(formulas, refused, None, None, note)
    comparison, note = _compared(vector_field, distilled, compared)
    if comparison is not None:
        note = "; ".join(filter(None, (note, comparison.warning)))
    own = [p.name for p in distilled.parameters if p.fitted and p.per is not None]
    if own:
        note = " ".join(
            [note, f"values per environment or trajectory stay to be fitted in the file: {', '.join(own)}"]
        ).strip()
    fields = [p.name for p in distilled.parameters if p.fitted and p.per is None]
    if fields:
        note = " ".join([note, f"coefficient fields stay to be fitted in the file: {', '.join(fields)}"]).strip()
    return Distillation(formulas, refused, text, comparison, note)


def distilled_model(
    model: Model, formulas: Mapping[str, tuple[Formula, ...]], values: Mapping[str, float]
) -> tuple[str, Model]:
    """The distilled file's text, and the same text read and checked.

    Raises
    ------
    ModelError
        The text does not pass the checks, for instance because no unit can be given to a coefficient.
    """
    names, declarations = named_coefficients(model, formulas)
    source = distilled_source(model, formulas, values, names, declarations)
    checked = check_source(source)
    if checked.model is None:
        raise ModelError(source, checked.diagnostics)
    return source.text, checked.model


def _compared(vector_field: VectorField, distilled: Model, compared: Rollouts | None) -> tuple[Comparison | None, str]:
    if compared is None:
        return None, ""
    try:
        with_formulas = compile_model(distilled, grid=vector_field.grid, members=vector_field.members)
        # Fields, and values of each environment, are fitted in both; every other entry has another name there.
        with_formulas.physical.load_state_dict(vector_field.physical.state_dict(), strict=False)
        formula = rollouts(with_formulas, compared.data)
    except EqdslError as failure:
        return None, f"rollouts of the distilled model could not be compared: {failure.message}"
    network, observed, counted = compared.select(formula.rows), compared.observed, compared.counted
    note = f"rollouts of the distilled model failed and are not compared: {'; '.join(formula.lost)}"
    return Comparison(
        horizon_error(network.data, network.model, observed, counted).overall,
        horizon_error(network.data, formula.model, observed, counted).overall,
        horizon_error(network.model, formula.model, observed, counted).overall,
    ), note if formula.lost else ""
