state u(x)
dt(u) = -u
