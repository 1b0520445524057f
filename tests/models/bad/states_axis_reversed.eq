space x in [1, 0]
state u(x)
dt(u) = dxx(u)
