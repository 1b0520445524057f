# Burgers' equation with an unknown flux: mass is conserved whatever the network says.
# data: f(u) = u^2/2, nu = 0.02
model burgers "conservation law whose flux is learned"

space x: m in [0, 2*pi] periodic
grid  x = 128
time  t: s
state u(x): m/s
param nu: m^2/s = fit 0.05 in (0, 1)

learned f(u) by mlp(16, 16) with f(0) = 0

dt(u) = -dx(f(u)) + nu*dxx(u)

law mass = integral(u) constant
