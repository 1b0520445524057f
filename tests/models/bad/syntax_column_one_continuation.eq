state u
dt(u) = 3*(u +
2*u)
param k = 1
