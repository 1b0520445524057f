# The conductivity varies in space and is fitted point by point.
model heat_coefficient_field
space x in [0, 1]
grid x = 32
state u(x)
param D(x) = fit 0.1 in (0, 1)
dt(u) = div(D*grad(u))
bc u = 0 at boundary
