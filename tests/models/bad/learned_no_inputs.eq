state u, v
learned f()
dt(u) = f
dt(v) = -v
