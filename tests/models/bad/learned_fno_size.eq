space x in [0, 1] periodic
state u(x)
learned f(u) by fno(12, modes = 0)
learned g(u) by unet(32, 64)
dt(u) = f + g
