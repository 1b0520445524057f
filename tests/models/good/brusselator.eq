model brusselator
space x in [0, 1], y in [0, 1]
grid x = 32, y = 32
state u(x, y), v(x, y)
param α = 2e-3
dt(u) = 1 + u^2*v - 4.4*u + α*lap(u)
dt(v) = 3.4*u - u^2*v + α*lap(v)
bc dn(u) = 0 at boundary
bc dn(v) = 0 at boundary
init u = 0.5 + y
init v = 1 + 5*x
