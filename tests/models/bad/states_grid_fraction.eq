space x in [0, 1]
grid x = 10.5
state u(x)
dt(u) = dxx(u)
