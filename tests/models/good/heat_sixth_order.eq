model heat_sixth_order
space x in [0, 1]
grid x = 20 nodes
scheme order = 6
state T(x)
param k = 0.3 in (0, inf)
dt(T) = k*dxx(T) - 0.1*T
bc T = 1 at x = 0
bc T = 0.2*cos(t) at x = 1
init T = 1 - 0.8*x
