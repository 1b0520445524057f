space x in [0, 1]
scheme order = 3
state u(x)
dt(u) = dxx(u)
