state u
learned f(u) by mlp(8, context = 2)
learned g(u) by poly(2, context = 2)
dt(u) = f + g
