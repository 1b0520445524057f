# Waves in a channel that a paddle drives at the left and a beach ends at the right.
model kdv_walls
space x in [0, 10]
grid x = 60
state u(x)
param c = 0.1 in (0, inf)
dt(u) = -dx(u) - u*dx(u) - c*dxxx(u)
bc u = 0.2*sin(t) at x = 0
bc u = 0 at x = 10
bc dn(u) = 0 at x = 10
init u = 0
