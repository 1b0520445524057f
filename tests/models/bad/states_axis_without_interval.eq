space x
state u(x)
dt(u) = dxx(u)
