model cable_equation
space x: cm in [0, 1]
time t: ms
state v(x): mV
param D: cm^2/ms = 0.1
param tau: ms = fit 10 in (1, 100)
learned current(v): mV/ms by mlp(16, 16)
dt(v) = D*dxx(v) - v/tau + current
bc dn(v) = 0 at boundary
