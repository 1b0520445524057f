state u
learned f(u, act = tanh) by mlp(8)
dt(u) = f
