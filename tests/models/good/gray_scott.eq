model gray_scott
space x in [0, 2.5] periodic, y in [0, 2.5] periodic
grid x = 64, y = 64
state u(x, y) in [0, inf), v(x, y) in [0, inf)
param Du = 2e-5
param Dv = 1e-5
param F = fit 0.04 in (0, 0.1)
param k = fit 0.06 in (0, 0.1)
known reaction = u*v^2
dt(u) = Du*lap(u) - reaction + F*(1 - u)
dt(v) = Dv*lap(v) + reaction - (F + k)*v
