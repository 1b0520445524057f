state u
learned f(u) by mlp(act = tanh, 64)
dt(u) = f
