"""The peers: how each is called, the module that runs it, and whose Python that takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    module: str
    own_environment: bool = True


PEERS: dict[str, Peer] = {
    "eqdsl": Peer("eqdsl_field", own_environment=False),
    "C": Peer("c_kernel", own_environment=False),
    "copy": Peer("c_copy", own_environment=False),
    "torchdiffeq": Peer("torch_eager"),
    "torch.compile": Peer("torch_compiled"),
    "diffrax": Peer("jax_diffrax"),
    "py-pde": Peer("pypde"),
    "Devito": Peer("devito_operator"),
}
"""``torchdiffeq`` is eager torch where no solver is called, ``diffrax`` jitted JAX."""
