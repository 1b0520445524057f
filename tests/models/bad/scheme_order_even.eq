space x in [0, 1] periodic
state u(x)
scheme dx = upwind(4)
dt(u) = -dx(u)
