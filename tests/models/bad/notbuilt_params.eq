state u
param k per trajectory = fit 1
param m = fit 1 ~ lognormal(0, 1)
dt(u) = -k*m*u
