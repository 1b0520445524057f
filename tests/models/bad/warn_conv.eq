space x in [0, 1] periodic
state u(x)
param D = fit 1
learned R(u) by conv(16)
dt(u) = D*lap(u) + R
