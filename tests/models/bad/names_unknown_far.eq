state u
dt(u) = -q*u
