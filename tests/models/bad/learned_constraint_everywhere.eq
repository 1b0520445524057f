state u, v
learned f(u) with f(u) = 0
dt(u) = f
dt(v) = -v
