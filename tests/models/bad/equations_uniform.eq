space x in [0, 1]
state u(x), T
dt(u) = dxx(u) - T
dt(T) = 1 + 2*u
