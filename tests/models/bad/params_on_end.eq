state u
param k = fit 0 in (0, 2)
param m = fit 2 in [0, 2]
dt(u) = -k*m*u
