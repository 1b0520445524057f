state u
learned f(u) with f
dt(u) = f
