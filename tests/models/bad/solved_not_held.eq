space x in [0, 1]
state u(x), p(x), q(x)
dt(u) = -dx(p)
0 = lap(q) - u for p
0 = 2*q - q - q + u for q
