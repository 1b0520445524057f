state u
dt(u) = (1, 2)
