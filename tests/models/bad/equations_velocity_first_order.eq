state u, v
dt(u) = -u
dt(v) = dt(u)
