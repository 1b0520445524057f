state u
param k per environment = 0.3
param m per trajectory
learned f(u) adapts environment by mlp(8, context = 0)
learned g(u) adapts environment by mlp(8, adapt = last)
learned h(u) per environment by mlp(8, context = 2)
dt(u) = -k*u + m + f + g + h
