state u, v
learned f(u) by conv(16)
dt(u) = f
dt(v) = -v
