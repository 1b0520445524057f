space x in [0, 1]
scheme dx = upwind(3)
state u(x)
dt(u) = -dx(u)
