state u
param k = fit in (2, 0)
dt(u) = -k*u
