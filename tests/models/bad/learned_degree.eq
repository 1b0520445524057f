state u, v
learned f(u) by poly(2, 3)
dt(u) = f
dt(v) = -v
