state u
param k = 1, m = 2
dt(u) = -k*m*u
