state u
dt(u) = u(t-1)
