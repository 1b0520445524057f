state u = 1
dt(u) = -u
