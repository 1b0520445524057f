state u
learned f(history(u, 4))
dt(u) = f
