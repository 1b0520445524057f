space x in [0, 1] periodic
state u(x)
scheme dx = tvd
dt(u) = -dx(u)
