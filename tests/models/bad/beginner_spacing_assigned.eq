space x in [0,1]
state u(x)
dx = 0.1
dt(u) = lap(u)
