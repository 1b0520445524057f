state u
dt(u) = 3*(u + 2))
