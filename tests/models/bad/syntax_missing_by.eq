state u
learned f(u) mlp(64, 64)
learned g(u) = mlp(64)
dt(u) = f
