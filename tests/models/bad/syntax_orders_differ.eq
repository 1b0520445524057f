state u
d2u/dt = -u
∂u/∂t² = -u
