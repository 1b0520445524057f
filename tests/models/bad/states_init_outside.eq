state u in [0, 1]
state a, b in (0, inf)
dt(u) = -u
dt(a) = -a
dt(b) = -b
init u = 2
init a = 0
init b = 1
