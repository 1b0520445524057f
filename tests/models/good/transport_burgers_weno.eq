# A wave that steepens into a shock.
model transport_burgers_weno "inviscid Burgers equation"
space x in [0, 1] periodic
grid x = 100
state u(x)
scheme dx = weno(5)
dt(u) = -dx(u^2/2)
init u = 0.5 + sin(2*pi*x)
law mass = integral(u) constant
