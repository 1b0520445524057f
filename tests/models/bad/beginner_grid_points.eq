space x in [0,1]
grid x = 64 points
state u(x)
dt(u) = lap(u)
