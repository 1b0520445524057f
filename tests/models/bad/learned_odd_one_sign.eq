# An odd function is not of one sign.
state u
learned f(u) by mlp(4) with f >= 0, odd(u)
dt(u) = f
