state u
dt(u) = sin*u
