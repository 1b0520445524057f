model advection_diffusion
space x: m in [0, 10] periodic
grid x = 128
time t: s
state c(x): mol/m^3
param v: m/s = fit 1 in (-5, 5)
param D: m^2/s = fit 0.01 in (0, 1)
dt(c) = -v*dx(c) + D*dxx(c)
law mass = integral(c) constant
