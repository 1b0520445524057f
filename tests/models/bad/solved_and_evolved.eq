space x in [0, 1]
state u(x), p(x)
dt(u) = -dx(p)
dt(p) = u
0 = lap(p) - u for p
