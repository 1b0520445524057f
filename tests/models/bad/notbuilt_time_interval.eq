time t: s in [0, 10]
state u
dt(u) = -u
