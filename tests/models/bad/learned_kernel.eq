space x in [0, 1] periodic
state u(x)
learned f(u) by conv(8, kernel = 4)
dt(u) = f
