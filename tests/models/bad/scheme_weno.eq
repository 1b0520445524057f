space x in [0, 1]
state u(x)
scheme dx = weno(3)
dt(u) = -dx(u)
