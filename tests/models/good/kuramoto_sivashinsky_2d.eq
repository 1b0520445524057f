model kuramoto_sivashinsky_2d
space x in [0, 32] periodic, y in [0, 32] periodic
state u(x, y)
dt(u) = -lap(u) - biharm(u) - dot(grad(u), grad(u))/2
init u = cos(2*pi*x/32) + 0.1*sin(2*pi*y/32)
