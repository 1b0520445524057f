state u
learned f(u) by mlp(64, 64), act = tanh
dt(u) = f
