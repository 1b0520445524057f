space x in [0, 1], y in [0, 1]
state u(x, y)
dt(u) = grad(u)
