space x in [0, 1]
state u(x), p(x)
dt(u) = -dx(p)
0 = lap(p) - u for p
