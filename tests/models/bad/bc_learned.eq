space x in [0, 1]
state u(x)
learned f(u)
dt(u) = dxx(u) + f
bc dn(u) = f at x = 0
