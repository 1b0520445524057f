space x in [0,1]
state u(x)
dt(u) = lap(u)
bc u(x=0) = 1
