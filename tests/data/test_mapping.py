"""The text of a mapping: what it means, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqdsl.core.errors import UsageError
from eqdsl.data.mapping import Source, expand_index, map_option, parse_source


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("velocity", Source("velocity")),
        (" t-coordinate ", Source("t-coordinate")),
        ("/grid/x", Source("grid/x")),
        ("dt(w)", Source("dt(w)")),
        ("tensor[...,0]", Source("tensor", ("...", 0))),
        ("data[:, 1:-1, ::2, -3]", Source("data", (slice(None), slice(1, -1), slice(None, None, 2), -3))),
        ("usol[x, t]", Source("usol", ("x", "t"))),
        ("φ[trajectory,τ,0]", Source("φ", ("trajectory", "τ", 0))),
    ],
)
def test_parsed(text: str, source: Source) -> None:
    assert parse_source(text) == source
    assert parse_source(source.text()) == source


@pytest.mark.parametrize(
    "text",
    ["", "[0]", "/", "u[", "u]", "u[0", "u[0][1]", "u[]", "u[0,]", "u[1.5]", "u[1e3]", "u[a.b]", "u[f()]", "u['x']",
     "u[...,...]", "u[x,x]", "u[x,:]", "u[x,...]", "u[::0]", "u[::-1]", "u[0x10]", "u[1_000]", "u[" + "9" * 30 + "]",
     "u[" + ",".join("0" * 40) + "]", "u[0;1]", "u[lambda: 0]", "u[-]"],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_source(text)
    assert caught.value.message


@given(st.text(max_size=40))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        source = parse_source(text)
    except UsageError:
        return
    assert parse_source(source.text()) == source


@given(st.data())
def test_the_expanded_index_selects_what_numpy_selects(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    index = data.draw(
        st.lists(st.one_of(st.integers(-4, 3), st.slices(4).filter(lambda s: s.step is None or s.step > 0)), max_size=4)
    )
    if data.draw(st.booleans()):
        index.insert(data.draw(st.integers(0, len(index))), "...")
    values = np.arange(np.prod(shape)).reshape(shape)
    try:
        expected = values[tuple(... if s == "..." else s for s in index)]
    except IndexError:
        with pytest.raises(ValueError, match=r"lies outside|more entries"):
            expand_index(Source("u", tuple(index)), shape)
        return
    full, selected = expand_index(Source("u", tuple(index)), shape)
    np.testing.assert_array_equal(values[full], expected)
    assert selected == expected.shape


def test_an_option_is_quoted_where_a_shell_needs_it() -> None:
    assert map_option("u", "tensor") == "`--map u=tensor`"
    assert map_option("u", "tensor[...,0]") == "`--map 'u=tensor[...,0]'`"
    assert map_option("dt(w)", "velocity") == "`--map 'dt(w)=velocity'`"
