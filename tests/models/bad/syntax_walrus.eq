state u
param k := 3
dt(u) = -k*u
