state u
dt(u) = sin(angle = u)
