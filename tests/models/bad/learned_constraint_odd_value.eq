state u, v
learned f(u) with odd(u), f(0) = 1
dt(u) = f
dt(v) = -v
