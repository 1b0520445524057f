state u
dt(u) = -u
init u = 1 at t = 0
