model gray_scott_unknown
space x in [0, 2.5] periodic, y in [0, 2.5] periodic
state u(x, y), v(x, y)
param Du = fit 2e-5 in (0, 1e-3)
param Dv = fit 1e-5 in (0, 1e-3)
learned Ru(u, v), Rv(u, v) by poly(3)
dt(u) = Du*lap(u) + Ru
dt(v) = Dv*lap(v) + Rv
