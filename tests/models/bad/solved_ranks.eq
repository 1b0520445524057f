space x in [0, 1], y in [0, 1]
state u(x, y), m
param k = 1
vector state w(x, y)
dt(u) = div(w) + m
0 = lap(w) - grad(u) for w
0 = m - u for m
0 = u for k
0 = u for z
