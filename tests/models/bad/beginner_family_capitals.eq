state u
learned f(u) by MLP(64)
dt(u) = f(u)
