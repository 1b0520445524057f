space x in [0, 1]
state u(x), v(x), w(x), c(x)
dt(u) = -biharm(u)
dt(v) = -dxxxx(v)
dt(w) = -dxxxx(w)
dt(c) = lap(c^3 - c - 0.01*lap(c))
bc u = 0 at boundary
bc dn(v) = 0 at x = 0
bc dxx(w) = 0 at x = 1
bc dn(lap(c)) = 0 at x = 0
