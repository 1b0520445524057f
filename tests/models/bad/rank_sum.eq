space x in [0, 1], y in [0, 1]
state u(x, y)
param k = fit 1
known conduction = lap(u)
learned source(u) by mlp(32)
dt(u) = conduction + k*grad(u) + source(u)
