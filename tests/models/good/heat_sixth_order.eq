model heat_sixth_order
space x in [0, 1]
grid x = 20
scheme order = 6
state T(x)
param k = 0.3 in (0, inf)
dt(T) = div(k*(1 + x)*grad(T)) + 0.1*dxx(T)
bc T = 1 at x = 0
bc dn(T) + 2*T = 0.5 at x = 1
init T = 1 - x
