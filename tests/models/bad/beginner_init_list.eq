state u, v
dt(u) = v
dt(v) = -u
init u, v = 1, 0
