state u, v
learned f(u) by mlp(64, activation = tanh)
dt(u) = f
dt(v) = -v
