state u
hidden state v
param k = 3
init v = 0
learned f(history(u + v, 3)) by mlp(8)
learned g(history(u, k)) by mlp(8)
learned h(history(v, 3)) by mlp(8)
learned i(history(u)) by mlp(8)
learned j(history(u, 200)) by mlp(8)
dt(u) = f + g + h + i + j
dt(v) = -v
