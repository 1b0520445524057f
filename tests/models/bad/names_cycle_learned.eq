state u
known a = f
learned f(a)
dt(u) = a
