state u
learned f(u) with mean(f) = 0
dt(u) = f
