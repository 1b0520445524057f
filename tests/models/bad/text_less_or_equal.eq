state u
learned f(u) with f ≥ 0
dt(u) = f
