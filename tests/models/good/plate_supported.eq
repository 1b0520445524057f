# A thin film on a supported plate that settles: fourth derivatives, corners included.
model plate_supported
space x in [0, 1], y in [0, 2]
grid x = 12, y = 20
state u(x, y)
param k = 0.1 in (0, inf)
dt(u) = -k*biharm(u) - u^3
bc u = 0 at boundary
bc lap(u) = 0 at boundary
init u = sin(pi*x)*sin(pi*y)
