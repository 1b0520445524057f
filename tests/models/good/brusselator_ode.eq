model brusselator_ode
state x, y
param A = 1
param B = fit 3 in (0, 6)
dt(x) = A + x^2*y - (B + 1)*x
dt(y) = B*x - x^2*y
