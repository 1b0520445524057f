space x in [0, 1]
state u[x]
dt(u) = u[0] + u[x]
