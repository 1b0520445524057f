state u, v
dt(u + v) = 0
dt(2*u) = 0
dt(w.x) = 0
