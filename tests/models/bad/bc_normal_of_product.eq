space x in [0, 1]
state u(x)
dt(u) = dxx(u)
param k = 1
bc dn(k*u) = 0 at x = 0
