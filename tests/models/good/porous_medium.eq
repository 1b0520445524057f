model porous_medium
space x in [-1, 1]
state u(x) in [0, inf)
learned D(u) by mlp(16, 16) with D >= 0
dt(u) = div(D*grad(u))
bc u = 0 at boundary
law mass = integral(u) decreasing
