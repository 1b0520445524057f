space x in [0, 1] periodic
state u(x)
scheme dx = upwnd(3)
dt(u) = -dx(u)
