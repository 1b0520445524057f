space x in [0, 1] periodic
state h(x)
hidden state u(x), p(x)
dt(h) = -dx(h*u)
dt(u) = -dx(h)
0 = lap(p) - h for p
init u = fit
observe h
observe u
