state u
param k = fit 1
learned f(u) by mlp(8)
dt(u) = k + f
