"""The commands, in the order of ``eqdsl --help``: name, the module and variable that hold it, one line about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is and what the list of commands says about it, known without importing it."""

    module: str
    variable: str
    summary: str


COMMANDS: dict[str, Entry] = {
    "check": Entry("eqdsl.cli.commands.check", "check", "Report what is wrong in models."),
    "show": Entry("eqdsl.cli.commands.show", "show", "Print the equations and every default in words."),
    "fmt": Entry("eqdsl.cli.commands.fmt", "fmt", "Rewrite models in the canonical format."),
    "new": Entry("eqdsl.cli.commands.new", "new", "Write a commented starting model."),
    "explain": Entry("eqdsl.cli.commands.explain", "explain", "Explain a diagnostic code at length."),
    "data": Entry("eqdsl.cli.commands.data", "data", "Look into data files."),
    "simulate": Entry("eqdsl.cli.commands.simulate", "simulate", "Roll a model out and write the trajectories."),
    "verify": Entry("eqdsl.cli.commands.verify", "verify", "Measure order, gradient and laws of a model."),
    "fit": Entry("eqdsl.cli.commands.fit", "fit", "Fit parameters and learned terms to data."),
    "adapt": Entry("eqdsl.cli.commands.adapt", "adapt", "Take a run to new environments."),
    "sweep": Entry("eqdsl.cli.commands.sweep", "sweep", "Fit under settings that vary, and compare."),
    "evaluate": Entry("eqdsl.cli.commands.evaluate", "evaluate", "Score a run on other data."),
    "inspect": Entry("eqdsl.cli.commands.inspect", "inspect", "Say what a run has found."),
    "version": Entry("eqdsl.cli.commands.version", "version", "Print versions."),
    "doctor": Entry("eqdsl.cli.commands.doctor", "doctor", "Check devices, threads, compiler and extras."),
}

DATA_COMMANDS: dict[str, Entry] = {
    "info": Entry("eqdsl.cli.commands.data_info", "info", "What a data file holds and what a model takes from it."),
}
