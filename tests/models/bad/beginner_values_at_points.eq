space x in [0,1]
state u(x)
dt(u) = lap(u)
u(x, 0) = sin(pi*x)
u(0, t) = 0
