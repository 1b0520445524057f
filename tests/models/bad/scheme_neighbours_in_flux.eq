space x in [0, 1] periodic
state u(x)
learned f(u) by conv(8)
scheme dx = tvd(minmod)
dt(u) = -dx(f)
