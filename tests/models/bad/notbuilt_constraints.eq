state u
learned f(u) with increasing(u), mean(f) = 0
dt(u) = f
