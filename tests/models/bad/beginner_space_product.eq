space (x, y) in [0,1]^2
state u(x)
dt(u) = lap(u)
