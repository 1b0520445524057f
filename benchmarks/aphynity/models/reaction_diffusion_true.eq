# The equation of the data.
model reaction_diffusion_true

space x in [-1, 1] periodic, y in [-1, 1] periodic
grid x = 32, y = 32
state u(x, y), v(x, y)
param a = 1e-3
param b = 5e-3
param k = 5e-3

dt(u) = a*lap(u) + u - u^3 - v - k
dt(v) = b*lap(v) + u - v
