space x in [0, 1]
state u(x)
scheme advect = semilagrangian
state v(x)
dt(u) = -advect(1, v)
dt(v) = -advect(1, v)
