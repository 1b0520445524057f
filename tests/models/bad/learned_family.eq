state u, v
learned f(u) by network(64)
dt(u) = f
dt(v) = -v
