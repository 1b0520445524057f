space x in [0, 1]
state u(x)
scheme advect = semilagrangian
dt(u) = -dx(u)
