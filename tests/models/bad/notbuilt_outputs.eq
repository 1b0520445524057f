state u
learned f(u) -> 3
dt(u) = f
