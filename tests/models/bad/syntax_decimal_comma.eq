state u
param k = 0,3
dt(u) = -1,5*u
