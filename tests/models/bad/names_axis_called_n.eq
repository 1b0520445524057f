space n in [0, 1]
state u(n)
dt(u) = lap(u)
