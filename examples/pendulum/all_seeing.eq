# Damped pendulum whose learned torque may see the angle too: then it can imitate gravity.
# data: theta'' + omega0^2 sin(theta) + alpha theta' = 0 with omega0 = 2 pi/6 = 1.0472, alpha = 0.2
model pendulum "one degree of freedom, unforced"

time  t: s
state theta: rad
state omega: rad/s
param omega0: rad/s = fit 0.5 in (0, 5)

known   gravity = -omega0^2*sin(theta)
learned friction(theta, omega): rad/s^2 by mlp(32, 32)

dt(theta) = omega
dt(omega) = gravity - friction

law energy = omega^2/2 - omega0^2*cos(theta) decreasing
