space x in [0,1]
state u(x)
dt(u) = lap(u)
bc u = 0 at x = 0 and x = 1
