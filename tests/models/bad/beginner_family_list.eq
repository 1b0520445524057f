state u
learned f(u) by mlp([64, 64])
dt(u) = f(u)
