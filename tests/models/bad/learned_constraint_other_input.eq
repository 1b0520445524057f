state u, v
learned f(u) with f(v) = 0, odd(v)
dt(u) = f
dt(v) = -v
