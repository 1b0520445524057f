# Lorenz with an unknown coupling in the second equation.
model lorenz_closure
state x, y, z
param sigma = 10
param beta = 8/3
learned coupling(x, z) by mlp(32, 32)
dt(x) = sigma*(y - x)
dt(y) = coupling - y
dt(z) = x*y - beta*z
