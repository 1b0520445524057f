state u
dt(u) = sin(2u)
