space x in [0, 1], y in [0, 1]
state u(y, x)
dt(u) = lap(u)
