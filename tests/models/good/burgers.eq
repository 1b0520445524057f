model burgers
space x in [-1, 1] periodic
grid x = 256
state u(x)
param nu = fit 0.01/pi in (0, 1)
dt(u) = -u*dx(u) + nu*dxx(u)
init u = -sin(pi*x)
