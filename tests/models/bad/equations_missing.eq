state u, v
dt(u) = -u
