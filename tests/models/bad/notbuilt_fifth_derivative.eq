space x in [0, 1], y in [0, 1] periodic
state u(x, y)
dt(u) = d(u, x, 5) + d(u, y, 5) + dxx(u*dxxx(u))
