space x in [0, 1]
state u(x)
scheme dx = semilagrangian
dt(u) = -dx(u)
