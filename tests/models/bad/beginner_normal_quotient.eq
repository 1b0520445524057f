space x in [0,1]
state u(x)
dt(u) = lap(u)
bc du/dn = 0 at x = 0
