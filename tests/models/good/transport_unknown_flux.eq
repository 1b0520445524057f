# A conservation law with an unknown flux: upwind by the slope of the network, conservative whatever it says.
model transport_unknown_flux
space x in [0, 1] periodic
grid x = 64
state u(x)
learned f(u) by mlp(16, 16) with f(0) = 0
scheme dx = upwind(3)
dt(u) = -dx(u^2/2) - dx(f(u))
init u = 0.5 + 0.4*sin(2*pi*x)
law mass = integral(u) constant
