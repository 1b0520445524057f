state u
param a = 2
param b = fit 1 in (0, a)
dt(u) = -a*b*u
