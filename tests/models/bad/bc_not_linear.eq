space x in [0, 1]
state u(x)
dt(u) = dxx(u)
bc dn(u) = u^4 at x = 0
