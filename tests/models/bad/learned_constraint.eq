state u, v
learned f(u) with f = 0, u >= 0
dt(u) = f
dt(v) = -v
