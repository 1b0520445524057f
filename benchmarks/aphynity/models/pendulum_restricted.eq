# Incomplete physics and a learned torque that sees the angular velocity alone.
model pendulum_restricted

state theta, omega
param omega0 = fit 0.4472 in (0, 5)
learned friction(omega) by mlp(16, 16) with friction(0) = 0

dt(theta) = omega
dt(omega) = -omega0^2*sin(theta) - friction
