model allen_cahn
space x in [-1, 1] periodic
grid x = 128
scheme order = 4
state u(x)
param eps = fit 0.01 in (0, 0.1)
learned f(u) by mlp(32, 32) with odd(u), f(1) = 0
dt(u) = eps^2*dxx(u) + f
init u = x^2*cos(pi*x)
