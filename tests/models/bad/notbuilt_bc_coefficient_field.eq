space x in [0, 1], y in [0, 1]
state u(x, y)
param h(x, y) = fit 1
dt(u) = lap(u)
bc dn(u) + h*u = 0 at boundary
