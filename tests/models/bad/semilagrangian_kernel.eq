space x in [0, 1]
state u(x)
scheme advect = semilagrangian(cubic)
dt(u) = -advect(1, u)
