space x in [0, 1], y in [0, 1]
state u(x, y)
param D(x) = fit 1
dt(u) = D*lap(u)
