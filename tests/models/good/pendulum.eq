# Damped pendulum: gravity is known, the rest of the torque is not.
model pendulum "one degree of freedom, unforced"

time  t: s
state theta: rad
state omega: rad/s
param omega0: rad/s = fit 0.5 in (0, 5)

known   gravity = -omega0^2*sin(theta)
learned friction(theta, omega) by mlp(64, 64)

dt(theta) = omega
dt(omega) = gravity + friction
law energy = omega^2/2 - omega0^2*cos(theta) decreasing
