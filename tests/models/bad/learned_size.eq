state u, v
learned f(u) by mlp(64.5, 0)
dt(u) = f
dt(v) = -v
