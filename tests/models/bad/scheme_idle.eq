space x in [0, 1] periodic
state u(x)
scheme dx = upwind(3), advect = weno(5)
learned f(u, dx(u)) by mlp(8)
dt(u) = dxx(u) + f
