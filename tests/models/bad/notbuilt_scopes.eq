state u
learned f(u) per environment
learned g(u) adapts environment
dt(u) = f + g
