state u
param m = fit 1 ~ lognormal(0, 1)
dt(u) = -m*u
