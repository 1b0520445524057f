state u
dt(u) = 1e400000000*u + 1e309
