space x in [0,1]
state u(x)
dt(u) = lap(u)
init u(x) = sin(pi*x)
