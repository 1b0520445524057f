"""What the paper's table 1 says (arXiv 2010.04456 as submitted to ICLR 2021): log MSE and mean parameter error in %.

Its data and steps are not those of the released code, and the base of its logarithm is not stated. Its learned terms
all see everything: there is no figure to compare the restricted ones with but those of the same physics.
"""

from __future__ import annotations

PAPER: dict[tuple[str, str], tuple[float, float | None]] = {
    ("reaction-diffusion", "none"): (-3.76, None),
    ("reaction-diffusion", "physics"): (-1.26, 67.6),
    ("reaction-diffusion", "all_seeing"): (-5.10, 2.3),
    ("reaction-diffusion", "complete"): (-9.34, 0.17),
    ("reaction-diffusion", "complete_learned"): (-9.35, 0.096),
    ("reaction-diffusion", "true"): (-8.81, None),
    ("wave", "none"): (-2.51, None),
    ("wave", "physics"): (0.51, 10.4),
    ("wave", "all_seeing"): (-4.64, 0.3),
    ("wave", "complete"): (-4.68, 1.38),
    ("wave", "complete_learned"): (-6.09, 0.63),
    ("wave", "true"): (-4.66, None),
    ("pendulum", "none"): (-2.84, None),
    ("pendulum", "physics"): (-0.14, 13.2),
    ("pendulum", "all_seeing"): (-7.86, 4.0),
    ("pendulum", "complete"): (-8.28, 0.45),
    ("pendulum", "complete_learned"): (-8.31, 0.39),
    ("pendulum", "true"): (-8.58, None),
}
