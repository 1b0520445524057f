"""What `eqdsl verify` measures: order, gradient, adjoint, laws and stability of a compiled model."""
