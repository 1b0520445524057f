# The viscosity depends on the slope in an unknown way, inside a known flux.
model burgers_unknown_viscosity
space x in [-1, 1] periodic
state u(x)
learned nu(dx(u)) by mlp(16, 16) with nu in [0, 0.1], even(dx(u))
dt(u) = -dx(u^2/2) + div(nu*grad(u))
law momentum = integral(u) constant
