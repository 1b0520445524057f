space x in [0,1], periodic
state u(x)
dt(u) = lap(u)
