space x in [0, 1] periodic
state u(x)
dt(u) = dxx(u)
law mass = u constant
