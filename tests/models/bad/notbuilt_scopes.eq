state u
learned f(u) per trajectory
learned g(u) adapts trajectory
learned h(u) adapts environment by poly(2)
learned i(u) adapts environment by mlp(8) with increasing(u)
dt(u) = f + g + h + i
