state u, v
learned g(u)
learned f(g, v)
dt(u) = f
dt(v) = -v
