state u
dt(u) + k*u = 0
