# A pulse carried by a constant wind: the flux form with a constant factor.
model transport_advection_upwind "carried without change of shape"
space x in [0, 1] periodic
grid x = 64
state c(x)
param v = fit 1 in (0, 3)
scheme dx = upwind(3)
dt(c) = -v*dx(c)
init c = exp(-((x - 0.5)/0.1)^2)
law mass = integral(c) constant
