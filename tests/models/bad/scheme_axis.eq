space x in [0, 1] periodic
state u(x)
scheme dz = upwind(3), method = rk4
dt(u) = -dx(u)
