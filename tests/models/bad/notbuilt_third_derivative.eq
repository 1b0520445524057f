space x in [0, 1], y in [0, 1] periodic
state u(x, y)
dt(u) = -dxxx(u) + dyyy(u) + dx(u*dxx(u))
