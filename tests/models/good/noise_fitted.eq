state u
param k = fit 1 in (0, 10)
dt(u) = -k*u
observe u noise fit
