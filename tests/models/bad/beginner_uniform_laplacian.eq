space x in [0,1]
state u
dt(u) = lap(u)
