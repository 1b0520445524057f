state u, v
param k = fit 1
param m = fit 1
learned f(u) by mlp(8)
dt(u) = -k^2*u*(1 - u) + f - u
dt(v) = -m*v
