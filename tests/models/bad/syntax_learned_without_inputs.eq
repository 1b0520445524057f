state u
learned f
learned g by mlp(64)
dt(u) = f
