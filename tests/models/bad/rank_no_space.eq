state u
param k = 1
dt(u) = k*lap(u) + dx(u)
