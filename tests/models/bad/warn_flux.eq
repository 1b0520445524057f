space x in [0, 1] periodic
state u(x)
learned f(u)
dt(u) = -dx(f)
