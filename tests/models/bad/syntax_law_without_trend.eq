state u
law e = u^2
dt(u) = -u
