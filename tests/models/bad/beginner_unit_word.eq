state u: meters
dt(u) = 1
