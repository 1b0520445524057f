# Advection and diffusion on cells: the outermost ones follow the data.
space x in [0, 1]
grid x = 32
state u(x)
param k = fit 0.05 in (0, 1)
dt(u) = k*dxx(u) - dx(u)
bc u = data at boundary
init u = data
