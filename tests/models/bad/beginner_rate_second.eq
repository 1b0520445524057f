state u
u + dt(u) = 0
