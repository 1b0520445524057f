state u
param k = 1,000
dt(u) = -k*u
