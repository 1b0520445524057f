space x in [0, 1] periodic
state u(x)
learned f(u) by conv(4) with increasing(u)
learned g(u) by poly(2) with decreasing(u)
dt(u) = f + g
