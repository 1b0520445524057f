state u
learned f(u) by mlp(64, 64, activation = "tanh")
dt(u) = f(u)
