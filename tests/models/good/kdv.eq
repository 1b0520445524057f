# Korteweg-de Vries, periodic: a soliton.
model kdv
space x in [0, 20] periodic
grid x = 128
scheme order = 6
state u(x)
param c = 4
dt(u) = -6*u*dx(u) - dxxx(u)
init u = c/2/cosh(sqrt(c)/2*(x - 10))^2
law mass = integral(u) constant
law momentum = integral(u^2) constant
