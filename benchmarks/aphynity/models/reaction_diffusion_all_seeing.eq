# Incomplete physics and the paper's learned term: it sees both fields and their neighbours.
model reaction_diffusion_all_seeing

space x in [-1, 1] periodic, y in [-1, 1] periodic
grid x = 32, y = 32
state u(x, y), v(x, y)
param a = fit 1.192e-3 in (0, 1)
param b = fit 1.192e-3 in (0, 1)
learned rate_u(u, v), rate_v(u, v) by conv(16, 16)

dt(u) = a*lap(u) + rate_u
dt(v) = b*lap(v) + rate_v
