state u
dt(u) = 2u
