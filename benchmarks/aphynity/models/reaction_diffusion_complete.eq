# Complete physics.
model reaction_diffusion_complete

space x in [-1, 1] periodic, y in [-1, 1] periodic
grid x = 32, y = 32
state u(x, y), v(x, y)
param a = fit 1.192e-3 in (0, 1)
param b = fit 1.192e-3 in (0, 1)
param k = fit 1.192e-3 in (0, 1)

dt(u) = a*lap(u) + u - u^3 - v - k
dt(v) = b*lap(v) + u - v
