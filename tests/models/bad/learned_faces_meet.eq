# On u = 0 and v = 0 the term cannot be both 0 and 1.
state u, v
learned f(u, v) by mlp(4) with f(0, v) = 0, f(u, 0) = 1
dt(u) = f
dt(v) = -v
