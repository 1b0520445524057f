space x in [0, 1] periodic
state u(x)
dt(u) = d(u, x, 9) + d(u, y, 2) + d(u, x)
