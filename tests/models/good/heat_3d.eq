model heat_3d
space x in [0, 1] periodic, y in [0, 1] periodic, z in [0, 1]
grid x = 16, y = 16, z = 16
state u(x, y, z)
param k = fit 0.01 in (0, 1)
dt(u) = k*lap(u)
bc dn(u) = 0 at z = 0, z = 1
init u = sin(2*pi*x)*sin(2*pi*y)*cos(pi*z)
