space x in [0, 1] periodic
state u(x)
dt(u) = dxx(u)
bc u = 0 at x = 0
bc u = 0 at boundary
