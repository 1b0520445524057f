# FitzHugh-Nagumo reaction-diffusion: diffusion is known, the reactions are not.
model fitzhugh_nagumo

space x in [-1, 1] periodic, y in [-1, 1] periodic
grid  x = 32, y = 32
state u(x, y), v(x, y)
param a = fit 1e-3 in (0, 0.1)
param b = fit 5e-3 in (0, 0.1)

learned Ru(u, v), Rv(u, v) by mlp(64, 64)

dt(u) = a*lap(u) + Ru
dt(v) = b*lap(v) + Rv
