space x in 0:0.1:1
state u(x)
dt(u) = lap(u)
