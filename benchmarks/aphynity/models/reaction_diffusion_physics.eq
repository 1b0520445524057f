# Incomplete physics alone: diffusion without reaction.
model reaction_diffusion_physics

space x in [-1, 1] periodic, y in [-1, 1] periodic
grid x = 32, y = 32
state u(x, y), v(x, y)
param a = fit 1.192e-3 in (0, 1)
param b = fit 1.192e-3 in (0, 1)

dt(u) = a*lap(u)
dt(v) = b*lap(v)
