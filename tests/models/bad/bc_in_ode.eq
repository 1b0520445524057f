state u
dt(u) = -u
bc u = 0 at x = 0
