state u
learned f(u) by mlp(hidden = 64, layers = 2)
dt(u) = f(u)
