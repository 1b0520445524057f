"""Options: reading, writing, errors all at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqdsl.core.errors import UsageError
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import changed_keys, config_text, load_config, with_overrides


def test_written_options_read_back_the_same(tmp_path: Path) -> None:
    config = with_overrides(
        FitConfig(),
        ["run.minutes=1.5", "run.device=cpu", 'data.map.u=tensor[..., 0] "quoted"', "integrator.substeps=3",
         "multiplier.tolerance=1e-6", "curriculum.enabled=false"],
    )  # fmt: skip
    path = tmp_path / "fit.toml"
    path.write_text(config_text(config))
    assert load_config(path) == config
    assert changed_keys(FitConfig(), config) == [
        "run.device", "run.minutes", "data.map", "integrator.substeps", "curriculum.enabled", "multiplier.tolerance",
    ]  # fmt: skip


@given(st.floats(min_value=1e-300, max_value=1e300, allow_nan=False), st.integers(1, 10**9))
def test_numbers_survive_the_text(rate: float, steps: int) -> None:
    config = with_overrides(FitConfig(), [f"optimizer.learning_rate={rate!r}", f"optimizer.steps={steps}"])
    assert (config.optimizer.learning_rate, config.optimizer.steps) == (rate, steps)


def test_every_option_is_explained_in_the_written_file() -> None:
    lines = config_text(FitConfig()).splitlines()
    for number, line in enumerate(lines):
        if "=" in line and not line.startswith("# "):
            assert lines[number - 1].startswith("# "), line
    assert "None" not in "\n".join(lines)


def test_all_errors_come_at_once_with_the_nearest_key(tmp_path: Path) -> None:
    path = tmp_path / "fit.toml"
    path.write_text(
        "[optimizer]\nstepz = 5\nlearning_rate = -1\n[optimiser]\nsteps = 5\n"
        '[run]\ndtype = "float16"\nseed = "one"\n[integrator]\nsubsteps = 0\n'
    )
    with pytest.raises(UsageError) as caught:
        load_config(path)
    assert str(caught.value) == (
        f"{path}: 6 problems\n"
        "- `run.seed`: 'one' is not allowed; give a valid integer "
        "(Seed of the weights, the split and the order of windows.)\n"
        "- `run.dtype`: 'float16' is not allowed; give 'float32' or 'float64' "
        "(Precision of states and weights in training.)\n"
        "- `integrator.substeps`: 0 is not allowed; give 'auto' or greater than or equal to 1 "
        "(Steps between two frames of the data.)\n"
        "- `optimizer.learning_rate`: -1 is not allowed; give greater than 0 (Adam step of the weights.)\n"
        "- `optimizer.stepz`: no such key; did you mean `optimizer.steps`?\n"
        "- `optimiser`: no such section; did you mean `optimizer`?"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optimizer.steps", "--set: `optimizer.steps` is not `section.key=value`"),
        ("steps=5", "--set: `steps=5` is not `section.key=value`"),
        ("run.device=gpu", "--set: `run.device`: 'gpu' is not allowed; give 'auto', 'cpu' or 'cuda'"),
        ("run.seed=1.5", "--set: `run.seed`: 1.5 is not allowed; give a valid integer"),
    ],
)
def test_wrong_overrides(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        with_overrides(FitConfig(), [text])
    assert str(caught.value).startswith(message)


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.toml: cannot be read: No such file"):
        load_config(tmp_path / "nowhere.toml")
    (tmp_path / "broken.toml").write_text("[run\n")
    with pytest.raises(UsageError, match=r"broken\.toml: is not TOML: .*line 1"):
        load_config(tmp_path / "broken.toml")


def test_a_section_given_as_a_value_is_said_to_be_a_section(tmp_path: Path) -> None:
    file = tmp_path / "fit.toml"
    file.write_text("optimizer = 3\n")
    with pytest.raises(UsageError, match=r"`optimizer` is a section: write `\[optimizer\]` and under it steps"):
        load_config(file)
