# Incomplete physics and learned reactions that see the fields at the point alone.
model reaction_diffusion_restricted

space x in [-1, 1] periodic, y in [-1, 1] periodic
grid x = 32, y = 32
state u(x, y), v(x, y)
param a = fit 1.192e-3 in (0, 1)
param b = fit 1.192e-3 in (0, 1)
learned rate_u(u, v), rate_v(u, v) by mlp(32, 32)

dt(u) = a*lap(u) + rate_u
dt(v) = b*lap(v) + rate_v
