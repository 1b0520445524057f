space a in [0, 1], b in [0, 1], c in [0, 1], e in [0, 1]
state u(a, b, c, e)
dt(u) = lap(u)
