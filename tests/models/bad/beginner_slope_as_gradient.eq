space x in [0,1]
state u(x)
dt(u) = -u*grad(u)
