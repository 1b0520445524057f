# FitzHugh-Nagumo reaction-diffusion: diffusion is known, the reactions are not.
# data: Ru = u - u^3 - v - k, Rv = u - v with a = 1e-3, b = 5e-3, k = 5e-3
model fitzhugh_nagumo "two reacting and diffusing species on a torus"

space x in [-1, 1] periodic, y in [-1, 1] periodic
grid  x = 32, y = 32
state u(x, y), v(x, y)
param a = fit 2e-3 in (0, 0.1)
param b = fit 2e-3 in (0, 0.1)

learned Ru(u, v), Rv(u, v) by mlp(32, 32)

dt(u) = a*lap(u) + Ru
dt(v) = b*lap(v) + Rv
