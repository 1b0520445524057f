# Solid-body rotation: one turn takes 2*pi.
model transport_rotation
space x in [-1, 1] periodic, y in [-1, 1] periodic
grid x = 50, y = 50
state u(x, y)
scheme dx = tvd(minmod), dy = tvd(minmod)
dt(u) = y*dx(u) - x*dy(u)
init u = exp(-((x - 0.5)^2 + y^2)/0.02)
law mass = integral(u) constant
