state u, v
learned f(u) with f(0) = -1, f >= 0
dt(u) = f
dt(v) = -v
