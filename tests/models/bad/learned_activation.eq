state u, v
learned f(u) by mlp(64, act = swish)
dt(u) = f
dt(v) = -v
