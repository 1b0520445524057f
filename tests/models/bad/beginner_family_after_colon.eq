state u
learned f(u): mlp(64)
dt(u) = f
