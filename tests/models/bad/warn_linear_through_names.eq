space x in [0, 1] periodic
state u(x)
param c = fit 1
learned R(u, dx(u))
known transport = -c*dx(u)
dt(u) = transport - R
