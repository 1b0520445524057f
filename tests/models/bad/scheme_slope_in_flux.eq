space x in [0, 1] periodic
state u(x)
learned f(u, dx(u)) by mlp(8)
scheme dx = upwind(3)
dt(u) = -dx(f(u, dx(u)))
