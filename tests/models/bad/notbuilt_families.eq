space x in [0, 1] periodic
state u(x)
learned f(u) by stencil(5, order = 1)
learned g(u) by symnet(5)
dt(u) = f + g
