# A rod that loses heat to the air at its right end.
model heat_robin
space x: m in [0, 1]
grid x = 64
time t: s
state T(x): K
param alpha: m^2/s = fit 1e-3 in (0, 0.1)
param h: 1/m = 2
param Tair: K = 293
param Thot: K = 350
dt(T) = alpha*dxx(T)
bc T = Thot at x = 0
bc dn(T) + h*(T - Tair) = 0 at x = 1
init T = Tair
