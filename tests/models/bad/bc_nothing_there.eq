# Degenerate diffusion: the flux vanishes at the walls whatever the slope.
space x in [0, 1]
state u(x), v(x)
let D = x*(1 - x)
dt(u) = dx(D*dx(u))
dt(v) = dx(D*dx(v))
bc D*dn(u) = 0 at boundary
bc x*v = 1 at x = 0
bc x*v = 1 at x = 1
