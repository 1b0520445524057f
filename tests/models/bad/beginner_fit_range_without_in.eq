state u
param k = fit 0.5 (0, 2)
dt(u) = -k*u
