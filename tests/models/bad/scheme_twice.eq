space x in [0, 1] periodic
state u(x)
scheme dx = upwind(3)
scheme dx = weno(5)
dt(u) = -dx(u)
