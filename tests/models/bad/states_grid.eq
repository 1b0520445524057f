space x in [0, 1]
grid x = 2, y = 8
state u(x)
dt(u) = dxx(u)
