"""What benchmarks of one fit share: their options, the fit with its processor time, and the cosine of two fields."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import with_overrides
from eqdsl.fitting.fit import fit
from eqdsl.fitting.run_folder import Run


def fit_options(description: str | None) -> argparse.ArgumentParser:
    """A parser with ``--set`` and ``--verbose``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="options")
    parser.add_argument("--verbose", action="store_true")
    return parser


@contextmanager
def timed_fit(text: str, data: Trajectories, options: Sequence[str], *, verbose: bool) -> Iterator[tuple[Run, float]]:
    """A fit on one thread and its CPU minutes; its folder goes with the context."""
    torch.set_num_threads(1)
    config: FitConfig = with_overrides(FitConfig(), list(options))
    told = (lambda event: print(event, flush=True)) if verbose else None
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        run = fit(loads_model(text), data, out=Path(folder) / "run", config=config, events=told)
        yield run, (time.process_time() - began) / 60


def cosine(found: np.ndarray, wanted: np.ndarray) -> float:
    """``sum(f*w)/sqrt(sum(f^2)*sum(w^2))``."""
    return float((found * wanted).sum() / np.sqrt((found**2).sum() * (wanted**2).sum()))
