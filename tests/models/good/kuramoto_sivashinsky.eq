model kuramoto_sivashinsky
space x in [0, 32*pi] periodic
grid x = 128
state u(x)
dt(u) = -u*dx(u) - dxx(u) - d(u, x, 4)
init u = cos(x/16)*(1 + sin(x/16))
