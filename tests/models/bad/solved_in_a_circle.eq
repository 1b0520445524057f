space x in [0, 1]
state u(x), p(x), q(x)
dt(u) = -dx(p)
0 = lap(p) - q for p
0 = q - p - u for q
