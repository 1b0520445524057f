# Carried and spread by one Gaussian: exact for constant flow and diffusion at any step.
model transport_gaussian
space x in [-1, 1] periodic, y in [-1, 1] periodic
grid x = 32, y = 32
state T(x, y)
param D = fit 0.01 in (0, 1)
scheme advect = semilagrangian(gaussian)
dt(T) = -advect((0.5, sin(pi*x)), T) + D*lap(T)
init T = exp(-(x^2 + y^2)/0.05)
law heat = integral(T) constant
