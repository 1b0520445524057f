space x in [0,1]
state u(x)
dt = 0.01
dt(u) = lap(u)
