# Lorenz (1963), all three right-hand sides known.
model lorenz "deterministic nonperiodic flow"
state x, y, z
param sigma = fit 10 in (0, 50)
param rho = fit 28 in (0, 100)
param beta = 8/3
dt(x) = sigma*(y - x)
dt(y) = x*(rho - z) - y
dt(z) = x*y - beta*z
init x = 1
init y = 1
init z = 20
