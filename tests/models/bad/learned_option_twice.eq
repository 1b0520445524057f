state u
learned f(u) by mlp(4, act = tanh, act = relu)
dt(u) = f
