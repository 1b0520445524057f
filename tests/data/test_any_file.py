"""Whatever shapes, types and values a file holds, it is read or refused in words."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from eqdsl.core.errors import EqdslError
from eqdsl.data.reading import read_data
from eqdsl.data.summary import describe_file
from tests.data.small_models import axis, field, model

MODELS = (
    model((field("u"),)),
    model((field("u", ("x",), time_order=2), field("v")), (axis("x", points=4),)),
    model((field("u", ("x", "y"), vector=True),), (axis("x", periodic=False), axis("y", points=3))),
)
VALUES = st.one_of(
    *(
        arrays.arrays(dtype, arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5))
        for dtype in ("f8", "f4", "i4", "u1", "c16", "S3", "?")
    )
)
COORDINATES = st.one_of(
    VALUES,
    st.integers(1, 6).map(lambda n: (np.arange(n) + 0.5) / n),
    st.integers(1, 6).map(lambda n: np.arange(1.0 * n)),
)
FILES = st.fixed_dictionaries(
    {}, optional={"u": VALUES, "v": VALUES, "dt(u)": VALUES, "x": COORDINATES, "y": COORDINATES, "t": COORDINATES}
)
MAPPINGS = st.dictionaries(
    st.sampled_from(["u", "v", "u.x", "u.y", "dt(u)", "x", "t"]),
    st.sampled_from(["u", "u[0]", "u[...,0]", "u[t,x]", "v[:,1:]", "x[t]", "t[:-1]", "u[trajectory,t,x,y,component]"]),
    max_size=2,
)


@given(st.sampled_from(MODELS), FILES, MAPPINGS)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_read_or_refused(tmp_path: Path, chosen: object, contents: dict[str, object], mapping: dict[str, str]) -> None:
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        for name, values in contents.items():
            file[name] = values
    for use in (read_data, lambda *a, **k: str(describe_file(a[0], model=a[1], **k))):
        try:
            result = use(path, chosen, mapping=mapping)
        except EqdslError as error:
            assert str(path) in str(error) or "--map" in str(error) or "axis" in str(error)
            continue
        if not isinstance(result, str):
            assert np.all(np.diff(result.times, axis=1) > 0)
            assert result.state.shape[:2] == result.times.shape
