model heat "a rod heated at one end"

space x: m in [0, 1]
state u(x): K
param D: m^2/s = fit 0.01 in (0, 1)
learned source(u): K/s by mlp(16, 16)

known conduction = D*laplace(u)
dt(u) = conduction + source - 2u

bc u = 300 at x = 0
bc u = 280 at x = 0
