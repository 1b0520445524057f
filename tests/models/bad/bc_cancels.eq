space x in [0, 1]
state u(x)
dt(u) = dxx(u)
bc u - u = 1 at x = 0
