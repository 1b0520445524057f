state u
learned f(u) by mlp(64) with f(u=0) = 0
dt(u) = f(u)
