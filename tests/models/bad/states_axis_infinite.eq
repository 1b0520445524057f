space x in [0, inf]
state u(x)
dt(u) = dxx(u)
