space x in [0, 1], y in [0, 1] periodic
scheme order = 6
state u(x, y), v(x, y)
known flux = u*dx(u)
dt(u) = lap(u) - dx(u) + dy(u) + dxy(v) - flux
dt(v) = div((1 + x)*grad(v)) - dxxxx(v) + dx(v*dxx(u))
