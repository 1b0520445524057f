space x in [0, 1] periodic
state u(x)
learned f(dx(history(u, 4)))
dt(u) = -history(u, 4) + f
