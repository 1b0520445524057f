state u
dt(u) = mlp(u)
