# Incomplete physics alone: gravity without friction.
model pendulum_physics

state theta, omega
param omega0 = fit 0.4472 in (0, 5)

dt(theta) = omega
dt(omega) = -omega0^2*sin(theta)
