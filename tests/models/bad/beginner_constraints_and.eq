state u
learned f(u) by mlp(64) with f > 0 and f < 1
dt(u) = f(u)
