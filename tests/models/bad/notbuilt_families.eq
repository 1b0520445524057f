space x in [0, 1] periodic
state u(x)
learned f(u) by fno(modes = 12, width = 32)
learned g(u) by unet(32)
dt(u) = f + g
