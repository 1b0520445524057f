space x in [0, 1]
state u(x)
dt(u) = dxx(u)
bc 1 = 0 at x = 0
