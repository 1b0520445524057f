space x in [0, 1]
state u(x)
dt(u) = dxx(u)
bc u = data at boundary
