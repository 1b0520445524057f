space x in [0, 1]
param c = 2
param d = fit in (0, 9)
param e = fit
state u(x), v(x), w(x), p(x)
dt(u) = -u*dx(u) - c*dxxx(u)
dt(v) = -d*dxxx(v)
dt(w) = e*dxxx(w)
dt(p) = -dxxx(p)
bc u = 0 at boundary
bc dn(u) = 0 at x = 0
bc v = 0 at boundary
bc dxx(p) = 0 at x = 0
bc p = 0 at x = 1
bc dn(p) = 0 at x = 1
