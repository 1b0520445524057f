model advection_2d
space x in [0, 1] periodic, y in [0, 1] periodic
state c(x, y)
param a = 1
param b = -0.5
dt(c) = -advect((a, b), c) + 1e-3*lap(c)
law mass = integral(c) constant
