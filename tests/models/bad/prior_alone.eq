state u
param k ~ lognormal(-1, 0.5)
dt(u) = -k*u
