space x in [0, 1]
state u(x), v(x)
dt(u) = dxx(u)
dt(v) = dxx(v)
bc u = v at x = 0
