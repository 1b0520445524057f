# Conservation law with an unknown flux: mass is conserved whatever the network says.
model unknown_flux
space x: m in [0, 2*pi] periodic
time  t: s
state u(x): m/s
param nu: m^2/s = 1e-2

learned f(u) by mlp(32, 32) with f(0) = 0
dt(u) = -dx(f(u)) + nu*dxx(u)
law mass = integral(u) constant
