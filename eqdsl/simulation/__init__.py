"""Rolling vector fields out: `simulate`, and telling a blow-up from growth."""

from eqdsl.simulation.rolling import Progress, Simulation, simulate

__all__ = ["Progress", "Simulation", "simulate"]
