state u
dt(u) = max(u, 0, )
