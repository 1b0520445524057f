"""Formulas from values: planted ones come back, with few terms and honest digits."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eqdsl.inspection.formula import Formula, atoms, find_formula, honest_digits
from eqdsl.inspection.library import Candidate, admissible, function_candidates, polynomial_candidates, representable
from eqdsl.inspection.sparse import best_subsets
from eqdsl.model.learned_terms import Parity, Pinned


def box(points: int, inputs: int, size: float = 1.0) -> np.ndarray:
    return np.random.default_rng(1).uniform(-size, size, (points, inputs))


def smooth_error(inputs: np.ndarray, size: float) -> np.ndarray:
    """What a trained network is off by: small, smooth, not noise."""
    return size * np.sin(3 * inputs[:, 0] + 2 * inputs[:, -1] + 0.4)


def test_linear_friction_comes_back_as_one_term() -> None:
    x = box(4000, 2, 2.0)
    found = find_formula(x, 0.2 * x[:, 1] + smooth_error(x, 1e-3), ("theta", "omega"))
    assert found.text == "0.2*omega"
    assert found.r2 > 0.9999
    assert found.max_error < 2e-3


def test_fitzhugh_nagumo_reactions() -> None:
    x = box(8000, 2, 0.8)
    u, v = x.T
    first = find_formula(x, u - u**3 - v - 0.005 + smooth_error(x, 3e-4), ("u", "v"))
    second = find_formula(x, u - v + smooth_error(x, 1e-3), ("u", "v"))
    assert first.text == "u - v - u^3 - 0.005"
    assert second.text == "u - v"
    assert first.linear_r2 < 0.99 < first.r2


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (lambda x: 1.5 * np.sin(x[:, 0]), "1.5*sin(u)"),
        (lambda x: -0.25 * x[:, 1] * np.abs(x[:, 1]), "-0.25*(w*v)*abs(w*v)"),
        (lambda x: 2 - x[:, 0] * x[:, 1] ** 2, "-u*(w*v)^2 + 2"),
        (lambda x: np.zeros(len(x)), "0"),
        (lambda x: np.full(len(x), 0.75), "0.75"),
    ],
)
def test_text_of_a_formula(values: object, text: str) -> None:
    x = box(3000, 2, 3.0)
    assert find_formula(x, values(x), ("u", "w*v")).text == text  # type: ignore[operator]


@pytest.mark.parametrize("largest", [1e3, 1e5])
def test_inputs_at_which_functions_overflow(largest: float) -> None:
    """exp(1000) is infinite: such columns are left out, and the line comes back."""
    x = np.linspace(0, largest, 3000)[:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = find_formula(x, -0.2 * x[:, 0] + 2e-4 * largest * np.sin(20 * x[:, 0] / largest), ("p",))
    assert found.text == "-0.2*p"
    assert found.r2 > 0.999


def test_columns_that_single_precision_cannot_hold_are_left_out() -> None:
    library = function_candidates(1)
    kept = [c.function for c in representable(library, np.array([[0.0], [100.0]]))]
    assert "exp({bare})" not in kept and len(kept) == len(library) - 1
    assert representable(library, np.array([[0.0], [80.0]])) == library
    assert representable(library[:1], np.array([[np.nan]])) == ()


coefficients = st.floats(0.2, 5).flatmap(lambda size: st.sampled_from([size, -size])).map(lambda c: float(f"{c:.3g}"))
supports = st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True)


@settings(max_examples=40, deadline=None)
@given(supports=supports, data=st.data())
def test_sparse_polynomials_come_back(supports: list[int], data: st.DataObject) -> None:
    """Any one to three of the ten monomials to degree three, under an error of a thousandth of the values' spread."""
    x = box(2000, 2, 1.5)
    library = polynomial_candidates(2, 3)
    planted = {library[i]: data.draw(coefficients) for i in supports}
    values = sum(c * candidate.evaluate(x) for candidate, c in planted.items())
    noise = np.random.default_rng(2).normal(size=len(x)) * 1e-3 * (np.std(values) or 1.0)
    found = find_formula(x, values + noise, ("u", "v"))
    assert {candidate for _, candidate in found.terms} == set(planted)
    for value, candidate in found.terms:
        assert value == pytest.approx(planted[candidate], rel=0.02)


def test_constraints_leave_out_what_breaks_them() -> None:
    library = polynomial_candidates(2, 3)
    pinned = admissible(library, [Pinned(0, ((0, 0.0),), 0.0)], 0, 2)
    assert pinned and all(candidate.powers[0] > 0 for candidate in pinned)
    other_output = admissible(library, [Pinned(1, ((0, 0.0),), 0.0)], 0, 2)
    assert other_output == library
    odd = admissible(library, [Parity(1, odd=True)], 0, 2)
    assert odd and all(candidate.powers[1] % 2 == 1 for candidate in odd)
    elsewhere = admissible(library, [Pinned(0, ((0, 1.0),), 0.0)], 0, 2)
    assert elsewhere == library


def test_residual_falls_with_size_and_ends_at_least_squares() -> None:
    rng = np.random.default_rng(3)
    columns, y = rng.normal(size=(200, 6)), rng.normal(size=200)
    path = best_subsets(columns, y)
    residuals = [subset.residual for subset in path]
    assert residuals == sorted(residuals, reverse=True)
    full = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
    assert path[-1].residual == pytest.approx(np.mean(full**2), rel=1e-10)
    assert path[0].residual == pytest.approx(np.mean(y**2), rel=1e-10)


def test_best_pair_is_found_where_greedy_selection_fails() -> None:
    """The sum of two columns correlates most with a third one; the pair explains it exactly."""
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(2, 500))
    decoy = a + b + 0.3 * rng.normal(size=500)
    path = best_subsets(np.column_stack([a, b, decoy]), a + b)
    assert sorted(path[2].columns) == [0, 1]
    assert path[2].residual < 1e-20


@given(st.floats(1e-6, 1e6), st.floats(1e-9, 1e-1))
def test_honest_digits_stay_within_tolerance(value: float, relative: float) -> None:
    rounded = honest_digits(value, relative * value)
    assert abs(rounded - value) <= max(relative, 1e-5) * value


def test_atoms() -> None:
    assert atoms(("u", "w.x", "dx(u)", "u*v", "dx(u)*dx(v)", "-u", "2", "(u + v)*w")) == (
        "u",
        "w.x",
        "dx(u)",
        "(u*v)",
        "(dx(u)*dx(v))",
        "(-u)",
        "(2)",
        "((u + v)*w)",
    )


def test_written_with_named_coefficients_keeps_the_sign_in_the_formula() -> None:
    terms = ((-0.2, Candidate((1, 0))), (3.0, Candidate((0, 0))))
    formula = Formula(terms, ("u", "v"), 1.0, 0.0, 0.0, 1.0)
    assert formula.written(("u", "v"), ("f_1", None)) == "-f_1*u + 3"
