state u
dt(u) = f(u)
f(u) by mlp(64)
