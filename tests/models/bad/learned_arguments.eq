state u, v
learned f(u, v)
dt(u) = f(u)
dt(v) = f(u, v, 1)
