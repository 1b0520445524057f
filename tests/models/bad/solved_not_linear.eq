space x in [0, 1]
state u(x), p(x), q(x)
learned f(u, q)
dt(u) = -dx(p)
0 = lap(p) - u*p^2 for p
0 = lap(q) - q + f for q
