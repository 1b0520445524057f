# A scheme for `advect` alone; the slope in the source stays central.
model transport_advect
space x in [0, 1], y in [0, 1] periodic
grid x = 32, y = 32
state T(x, y)
param w = fit 0.3
scheme order = 4, advect = upwind(5)
dt(T) = -advect((w*(1 - x^2), 0.2), T) + 0.01*lap(T) - 0.1*dx(T)
bc T = sin(2*pi*y) at x = 0
init T = 0
