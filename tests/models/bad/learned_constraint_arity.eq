state u, v
learned f(u, v) with f(0) = 0
dt(u) = f
dt(v) = -v
