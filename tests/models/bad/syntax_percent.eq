state u
param k = 5%
dt(u) = -k*u
