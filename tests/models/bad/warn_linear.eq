state u
param k = fit 1
learned R(u)
dt(u) = k*u + R
