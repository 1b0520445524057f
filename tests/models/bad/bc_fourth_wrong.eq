space x in [0, 1], y in [0, 1]
state u(x, y), v(x, y)
dt(u) = -biharm(u)
dt(v) = lap(v)
bc u = y at x = 0
bc lap(u) = 0 at x = 0
bc u = 0 at x = 1
bc 2*u = 1 at x = 1
bc u = 0 at y = 0
bc dn(u) = 0 at y = 0
bc dyy(u) = 0 at y = 0
bc biharm(u) = 0 at y = 1
bc dn(lap(v)) = 0 at x = 0
