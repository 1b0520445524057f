# The same between walls, through which nothing flows, seen by a neighbourhood; transport by the sign of the velocity.
space x: m in [0, 2], y: m in [0, 1] periodic
grid x = 12 nodes, y = 12
time t: s
scheme order = 4, dx = upwind(1), dy = upwind(1)
state u(x, y): K
learned w(u) -> vector: m/s by conv(4) with div(w) = 0
dt(u) = -advect(w, u)
law total = integral(u) constant
