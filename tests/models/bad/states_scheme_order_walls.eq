space x in [0, 1]
scheme order = 6
state u(x)
dt(u) = dxx(u)
