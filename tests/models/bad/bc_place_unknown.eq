space x in [0, 1]
state u(x)
dt(u) = dxx(u)
bc u = 0 at y = 0
bc u = 0 at left
