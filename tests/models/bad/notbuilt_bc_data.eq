space x in [0, 1]
state u(x)
state w(x)
dt(u) = dxx(u)
dtt(w) = dxx(w)
bc dn(u) = data at x = 0
bc w = data at boundary
