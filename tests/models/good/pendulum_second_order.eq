# The same pendulum as one equation of second order, with an unknown friction.
model pendulum_second_order
state theta
param w0 = fit 1 in (0, 5)
learned friction(dt(theta)) by mlp(32, 32) with odd(dt(theta)), friction(0) = 0
d2theta/dt2 = -w0^2*sin(theta) - friction
init theta = 1
init dtheta/dt = 0
