state u [m]
dt(u) = 1
