space x in [0, 1]
state u(x, t)
dt(u) = dxx(u)
