space x in [0, 1]
scheme advect = semilagrangian
state u(x)
dt(u) = -advect(1, u)
