state u, v
learned f(u, v), g(v, u) by mlp(16)
dt(u) = f
dt(v) = g
