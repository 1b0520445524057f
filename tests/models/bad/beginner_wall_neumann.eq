space x in [0,1]
state u(x)
dt(u) = lap(u)
bc neumann at boundary
