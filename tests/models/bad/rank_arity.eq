state u
dt(u) = atan2(u) + sin(u, 2)
