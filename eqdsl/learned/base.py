"""What every learned family is: an ordinary `torch.nn.Module` on dimensionless numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class FamilySpec:
    """What a family is built from.

    Parameters
    ----------
    inputs, outputs : int
        Number of scalar inputs and outputs.
    dimension : int
        Number of space axes (0 for an ODE).
    options : mapping
        ``"sizes"``: tuple of positional integers; other keys are the keyword options of the ``.eq`` file.
    input_names : tuple of str
        For messages and formulas.
    """

    inputs: int
    outputs: int
    dimension: int
    options: Mapping[str, object]
    input_names: tuple[str, ...]


class LearnedFamily(nn.Module, ABC):
    """Base of all families.

    A family sees inputs of order one and returns outputs of order one; `LearnedTermModule` does the scaling.
    It starts near zero output without being stuck there.

    Attributes
    ----------
    radius : int
        Cells seen in each direction: 0 for a pointwise family, whose ``forward`` takes and returns
        ``(..., inputs) -> (..., outputs)``. A neighbourhood family (`radius` > 0) takes ``(B, inputs, *S')`` with
        ``S' = S + 2*radius`` ghost cells already filled by the equation's own walls, and returns ``(B, outputs, *S)``.
    """

    radius: int = 0

    @abstractmethod
    def forward(self, inputs: Tensor) -> Tensor:
        """Outputs of the family at dimensionless inputs."""

    def complexity(self) -> Tensor | None:
        """An extra cost the family asks for (sparsity of a ``library``), or None."""
        return None
