space x in [0, 1]
state u(x), p(x)
dt(u) = dt(p)
0 = lap(p) - u for p
init p = 1
observe u
observe p
