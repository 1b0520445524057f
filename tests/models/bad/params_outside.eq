state u
param k = fit 3 in (0, 2)
param m = 5 in [0, 1]
dt(u) = -k*m*u
