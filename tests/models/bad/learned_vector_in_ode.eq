state u, v
learned f(u) -> vector
dt(u) = f
dt(v) = -v
