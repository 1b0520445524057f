# The complete model that makes the data of this example.
model burgers_truth

space x: m in [0, 2*pi] periodic
grid  x = 512
time  t: s
state u(x): m/s
param nu: m^2/s = 0.02

dt(u) = -dx(u^2/2) + nu*dxx(u)
