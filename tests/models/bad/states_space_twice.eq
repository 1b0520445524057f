space x in [0, 1]
space y in [0, 1]
state u(x)
dt(u) = dxx(u)
