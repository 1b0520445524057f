# Complete physics.
model pendulum_complete

state theta, omega
param omega0 = fit 0.4472 in (0, 5)
param alpha = fit 0.1 in (0, 5)

dt(theta) = omega
dt(omega) = -omega0^2*sin(theta) - alpha*omega
