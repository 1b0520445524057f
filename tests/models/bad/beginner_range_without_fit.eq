state u
param k in (0, 2)
dt(u) = -k*u
