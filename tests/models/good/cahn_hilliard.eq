# Phase separation: the derivative of the free energy is unknown, mass is conserved.
model cahn_hilliard
space x in [0, 1] periodic, y in [0, 1] periodic
grid x = 64, y = 64
state c(x, y)
param M = 1
param kappa = 1e-4
learned mu(c) by mlp(32, 32) with mu(0.5) = 0
dt(c) = M*(lap(mu) - kappa*biharm(c))
law mass = integral(c) constant
