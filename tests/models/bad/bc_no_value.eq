space x in [0, 1], y in [0, 1]
state u(x, y), v(x, y)
dt(u) = lap(u)
dt(v) = lap(v)
bc u = y/x at x = 0
bc u = (x - 2)^0.5 at x = 1
bc dn(v) = log(x) + y at x = 0
bc v = 1/(1 - x) at x = 1
