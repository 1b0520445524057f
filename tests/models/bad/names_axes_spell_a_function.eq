space i in [0, 1], v in [0, 1]
state u(i, v)
dt(u) = lap(u)
